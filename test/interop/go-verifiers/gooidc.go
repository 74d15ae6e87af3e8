package main

import (
	"context"

	"github.com/coreos/go-oidc/v3/oidc"
)

// go-oidc 3 as its documentation calls it: the words are the issuer and the audience.
func newGoOIDC(ctx context.Context, words []string) (verifier, error) {
	provider, err := oidc.NewProvider(ctx, words[0])
	if err != nil {
		return nil, err
	}
	tokens := provider.Verifier(&oidc.Config{ClientID: words[1]})
	return func(token string) (answer, error) {
		good, err := tokens.Verify(ctx, token)
		if err != nil {
			return answer{}, err
		}
		return answer{User: good.Subject}, nil
	}, nil
}
