package resource

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// Claims are what a good access token says.
type Claims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	ClientID string   `json:"client_id"`
	Scope    string   `json:"scope"`
	Roles    []string `json:"roles,omitempty"`
}

// Verify answers the claims of a good access token, and an error for any other.
type Verify func(ctx context.Context, token string) (*Claims, error)

// ErrNoKeys says that the keys could not be fetched: the token may be good.
var ErrNoKeys = errors.New("there are no keys")

type key struct{}

// From answers the claims of a request that a guard let pass.
func From(ctx context.Context) *Claims { return ctx.Value(key{}).(*Claims) }

// Guard lets requests with a good token pass. With a permission, that has to be in the token's scope.
func Guard(verify Verify, permission string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") || token == "" {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "There is no token.", http.StatusUnauthorized)
			return
		}
		claims, err := verify(r.Context(), token)
		if errors.Is(err, ErrNoKeys) {
			w.Header().Set("Retry-After", "5")
			http.Error(w, "Tokens can't be verified.", http.StatusServiceUnavailable)
			return
		}
		if err != nil {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			http.Error(w, "The token is not good.", http.StatusUnauthorized)
			return
		}
		if permission != "" && !slices.Contains(strings.Fields(claims.Scope), permission) {
			http.Error(w, "The token does not have the permission.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, claims)))
	})
}

// Me answers the claims.
func Me(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(From(r.Context()))
}
