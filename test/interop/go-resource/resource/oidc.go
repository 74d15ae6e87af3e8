package resource

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// WithOIDC verifies with go-oidc, whose verifier is made for ID tokens: the audience stands where it wants a client, and the type is for us to check.
func WithOIDC(ctx context.Context, issuer, audience string, keep time.Duration) (Verify, error) {
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, err
	}
	// Its key set never forgets a key. A new one fetches at its first token.
	var lock sync.Mutex
	var verifier *oidc.IDTokenVerifier
	var made time.Time
	current := func() *oidc.IDTokenVerifier {
		lock.Lock()
		defer lock.Unlock()
		if verifier == nil || time.Since(made) >= keep {
			verifier, made = provider.VerifierContext(ctx, &oidc.Config{ClientID: audience, SupportedSigningAlgs: []string{oidc.RS256}}), time.Now()
		}
		return verifier
	}

	return func(ctx context.Context, token string) (*Claims, error) {
		// First: a token with an unknown key, or a bad signature, causes a fetch each time.
		if typeOf(token) != "at+jwt" {
			return nil, errors.New("it is no access token")
		}
		verified, err := current().Verify(ctx, token)
		if err != nil {
			return nil, err
		}
		claims := &Claims{}
		return claims, verified.Claims(claims)
	}, nil
}

func typeOf(token string) string {
	encoded, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return ""
	}
	var header struct {
		Type string `json:"typ"`
	}
	if json.Unmarshal(text, &header) != nil {
		return ""
	}
	return header.Type
}
