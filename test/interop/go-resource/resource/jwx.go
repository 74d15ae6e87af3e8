package resource

import (
	"context"
	"errors"
	"time"

	"github.com/lestrrat-go/httprc/v3"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

// WithJWX verifies with jwx, which fetches the keys every so often, and never for the sake of a token.
func WithJWX(ctx context.Context, issuer, audience string, keep time.Duration) (Verify, error) {
	cache, err := jwk.NewCache(ctx, httprc.NewClient())
	if err != nil {
		return nil, err
	}
	url := issuer + "/.well-known/jwks.json"
	// By itself it keeps to the Cache-Control, but looks no more often than every 15 minutes.
	if err := cache.Register(ctx, url, jwk.WithConstantInterval(keep)); err != nil {
		return nil, err
	}
	keys, err := cache.CachedSet(url)
	if err != nil {
		return nil, err
	}

	return func(ctx context.Context, token string) (*Claims, error) {
		message, err := jws.Parse([]byte(token), jws.WithCompact())
		if err != nil {
			return nil, err
		}
		if typ, _ := message.Signatures()[0].ProtectedHeaders().Type(); typ != "at+jwt" {
			return nil, errors.New("it is no access token")
		}
		verified, err := jwt.Parse([]byte(token), jwt.WithKeySet(keys),
			jwt.WithIssuer(issuer), jwt.WithAudience(audience), jwt.WithRequiredClaim("exp"), jwt.WithRequiredClaim("client_id"),
			// By itself it refuses a token of this second when its clock is a second slow.
			jwt.WithAcceptableSkew(5*time.Second))
		if err != nil {
			return nil, err
		}
		claims := &Claims{}
		claims.Issuer, _ = verified.Issuer()
		claims.Subject, _ = verified.Subject()
		if err := verified.Get("client_id", &claims.ClientID); err != nil {
			return nil, err
		}
		_ = verified.Get("scope", &claims.Scope) // may be absent
		var roles []any
		if verified.Get("roles", &roles) == nil {
			for _, role := range roles {
				if name, ok := role.(string); ok {
					claims.Roles = append(claims.Roles, name)
				}
			}
		}
		return claims, nil
	}, nil
}
