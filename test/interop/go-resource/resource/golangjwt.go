package resource

import (
	"context"
	"errors"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"
)

type registered struct {
	jwt.RegisteredClaims
	ClientID string   `json:"client_id"`
	Scope    string   `json:"scope"`
	Roles    []string `json:"roles"`
}

// WithGolangJWT verifies with golang-jwt, and keyfunc for the keys, which are fetched every so often.
func WithGolangJWT(ctx context.Context, issuer, audience string, keep time.Duration) (Verify, error) {
	keys, err := keyfunc.NewDefaultOverrideCtx(ctx, []string{issuer + "/.well-known/jwks.json"}, keyfunc.Override{
		HTTPTimeout:     5 * time.Second,
		RefreshInterval: keep, // an hour by itself
		// By itself once in five minutes.
		RefreshUnknownKID: rate.NewLimiter(rate.Every(30*time.Second), 1),
		// The longest that a request waits for its turn and the fetch together: a shorter time ends the fetch.
		RateLimitWaitMax: 5 * time.Second,
		// By itself it starts without keys, and refuses every token.
		NoErrorReturnFirstHTTPReq: new(bool),
	})
	if err != nil {
		return nil, err
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{"RS256"}),
		jwt.WithIssuer(issuer),
		jwt.WithAudience(audience),
		jwt.WithExpirationRequired(),
	)
	keyOf := func(token *jwt.Token) (any, error) {
		if token.Header["typ"] != "at+jwt" {
			return nil, errors.New("it is no access token")
		}
		return keys.Keyfunc(token)
	}

	return func(ctx context.Context, token string) (*Claims, error) {
		found := registered{}
		if _, err := parser.ParseWithClaims(token, &found, keyOf); err != nil {
			return nil, err
		}
		return &Claims{found.Issuer, found.Subject, found.ClientID, found.Scope, found.Roles}, nil
	}, nil
}
