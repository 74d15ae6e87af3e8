package resource

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// WithOIDC verifies with go-oidc, which is made for ID tokens: the audience stands where it wants a client, and the type is ours to check.
func WithOIDC(ctx context.Context, issuer, audience string, keep time.Duration) (Verify, error) {
	ctx = oidc.ClientContext(ctx, &http.Client{Timeout: 5 * time.Second})
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, err
	}
	keys := &keptKeys{keep: keep, renew: func() *oidc.IDTokenVerifier {
		return provider.VerifierContext(ctx, &oidc.Config{ClientID: audience, SupportedSigningAlgs: []string{oidc.RS256}})
	}}

	return func(_ context.Context, token string) (*Claims, error) {
		// First: an unknown key, and a bad signature, cause a fetch each time.
		if typeOf(token) != "at+jwt" {
			return nil, errors.New("it is no access token")
		}
		// Not in the context of the request: if its client hangs up during a fetch, that is no outage.
		verified, err := keys.verify(ctx, token)
		if err != nil {
			return nil, err
		}
		claims := &Claims{}
		return claims, verified.Claims(claims)
	}, nil
}

// go-oidc's key set never forgets a key. So there is a new one every so often, which fetches at its first token.
type keptKeys struct {
	keep  time.Duration
	renew func() *oidc.IDTokenVerifier

	lock      sync.Mutex
	made      time.Time
	now, good *oidc.IDTokenVerifier // good is the last one that has fetched its keys
}

func (k *keptKeys) verify(ctx context.Context, token string) (*oidc.IDToken, error) {
	k.lock.Lock()
	if k.now == nil || time.Since(k.made) >= k.keep {
		k.now, k.made = k.renew(), time.Now()
	}
	now, good := k.now, k.good
	k.lock.Unlock()

	verified, err := now.Verify(ctx, token)
	if isOutage(err) && good != nil {
		verified, err = good.Verify(ctx, token)
	} else if err == nil || isBadSignature(err) {
		k.lock.Lock()
		k.good = now
		k.lock.Unlock()
	}
	if isOutage(err) {
		return nil, errors.Join(ErrNoKeys, err)
	}
	return verified, err
}

// It has no errors of its own for these. It says that a signature is bad only after a fetch.
func isOutage(err error) bool { return err != nil && strings.Contains(err.Error(), "fetching keys") }
func isBadSignature(err error) bool {
	return strings.Contains(err.Error(), "failed to verify id token signature")
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
