package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

type xOAuth2Config struct {
	clientcredentials.Config
	// A token that lives no longer than this is not used again.
	EarlyExpirySeconds int
	// The token of the workload, which is read again for each request (RFC 7523 §2.2).
	AssertionFile string
}

func newXOAuth2(text string) (*http.Client, error) {
	var config xOAuth2Config
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		return nil, err
	}
	ctx := context.Background()
	if config.EarlyExpirySeconds == 0 {
		return config.Client(ctx), nil
	}
	early := time.Duration(config.EarlyExpirySeconds) * time.Second
	return oauth2.NewClient(ctx, oauth2.ReuseTokenSourceWithExpiry(nil, uncached{&config}, early)), nil
}

// The source that the library makes keeps its token, whatever is around it.
type uncached struct{ config *xOAuth2Config }

func (source uncached) Token() (*oauth2.Token, error) {
	if source.config.AssertionFile != "" {
		assertion, err := os.ReadFile(source.config.AssertionFile)
		if err != nil {
			return nil, err
		}
		source.config.EndpointParams.Set("client_assertion", string(assertion))
	}
	return source.config.Token(context.Background())
}
