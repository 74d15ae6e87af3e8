#!/usr/bin/env bash
# golang.org/x/oauth2, and with it Prometheus and others that leave AuthStyle at its default: one passing failure of the token endpoint
# makes a client send its secret in the body from then on, though Basic works.
#
# Seen with golang.org/x/oauth2 v0.38.0. The token endpoint takes both ways; it answers 503 with Retry-After: 60 once, and then tokens:
#   first token:    Basic 503, body 200
#   second token:   body 200
#
# AuthStyleAutoDetect is documented as trying both ways. A good engineer would guess that an answer about the client (401) makes it try
# the other one. Any error does, network errors too, at once, whatever Retry-After says; and what worked second is what it
# keeps until the process ends. A token endpoint that does not take both ways refuses a good client twice, and the second
# error is the one that is shown. Who configures the client sets AuthStyleInHeader where the program lets them; Prometheus does not.
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
	"strings"

	"golang.org/x/oauth2/clientcredentials"
)

func main() {
	var seen []string
	failed := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		way, status := "body", 200
		if _, _, ok := r.BasicAuth(); ok {
			way = "Basic"
		}
		if !failed {
			failed, status = true, 503
			w.Header().Set("Retry-After", "60")
		}
		seen = append(seen, fmt.Sprintf("%s %d", way, status))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, map[int]string{
			200: `{"access_token":"token","token_type":"Bearer","expires_in":600}`,
			503: `{"error":"temporarily_unavailable"}`,
		}[status])
	}))
	defer server.Close()

	config := clientcredentials.Config{ClientID: "client", ClientSecret: "secret", TokenURL: server.URL}
	fetch := func() string {
		seen = nil
		if _, err := config.Token(context.Background()); err != nil {
			return err.Error()
		}
		return strings.Join(seen, ", ")
	}
	first, second := fetch(), fetch()
	fmt.Printf("first token:    %s\nsecond token:   %s\n", first, second)
	if first != "Basic 503, body 200" || second != "body 200" {
		os.Exit(1)
	}
}
GO
export GOFLAGS=-mod=mod
{ "$go" mod init check && "$go" get golang.org/x/oauth2@v0.38.0; } 2>/dev/null
"$go" run .
