#!/usr/bin/env bash
# OpenTelemetry collector, oauth2client extension: with its defaults, a token that lives five minutes or less is used once. Each request
# that the collector exports asks for a token of its own first.
#
# Seen with opentelemetry-collector-contrib/extension/oauth2clientauthextension v0.161.0, golang.org/x/oauth2 v0.38.0, three requests:
#   expires_in 300:                       3 token requests
#   expires_in 330:                       1 token request
#   expires_in 300, expiry_buffer: 10s:   1 token request
#
# expiry_buffer says how long before its end a token is refreshed, and is 5m by default. A good engineer would guess that a token which
# is younger than that all its life is at least used for some of it, or that something is logged. A token service with short tokens is
# asked once for each export; who configures the collector sets expiry_buffer, or gives that client tokens that live longer.
#
# Runs in a folder of its own, with modules of the Go proxy. Needs Go 1.26. Exit code 0: it is still so.
set -euo pipefail
go=$(command -v go || echo /usr/local/go/bin/go)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	oauth "github.com/open-telemetry/opentelemetry-collector-contrib/extension/oauth2clientauthextension"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"go.uber.org/zap"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// How often a token is asked for while three requests are sent, one after the other.
func tokenRequests(expiresIn int, section map[string]any) int {
	count := 0
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		count++
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"token%d","token_type":"Bearer","expires_in":%d}`, count, expiresIn)
	}))
	defer tokens.Close()
	backend := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer backend.Close()

	section["client_id"], section["client_secret"], section["token_url"] = "client", "secret", tokens.URL
	factory := oauth.NewFactory()
	config := factory.CreateDefaultConfig()
	if err := confmap.NewFromStringMap(section).Unmarshal(config); err != nil {
		panic(err)
	}
	settings := extension.Settings{
		ID:                component.NewID(factory.Type()),
		TelemetrySettings: component.TelemetrySettings{Logger: zap.NewNop()},
	}
	made := must(factory.Create(context.Background(), settings, config))
	client := &http.Client{Transport: must(made.(extensionauth.HTTPClient).RoundTripper(http.DefaultTransport))}
	for range 3 {
		must(client.Get(backend.URL)).Body.Close()
	}
	return count
}

func main() {
	short := tokenRequests(300, map[string]any{})
	longer := tokenRequests(330, map[string]any{})
	told := tokenRequests(300, map[string]any{"expiry_buffer": "10s"})
	fmt.Printf("expires_in 300:                       %d token requests\n", short)
	fmt.Printf("expires_in 330:                       %d token request\n", longer)
	fmt.Printf("expires_in 300, expiry_buffer: 10s:   %d token request\n", told)
	if short != 3 || longer != 1 || told != 1 {
		os.Exit(1)
	}
}
GO
export GOFLAGS=-mod=mod
{
  "$go" mod init check
  "$go" get github.com/open-telemetry/opentelemetry-collector-contrib/extension/oauth2clientauthextension@v0.161.0
  "$go" get golang.org/x/oauth2@v0.38.0
} 2>/dev/null
"$go" run .
