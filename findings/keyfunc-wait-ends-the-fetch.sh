#!/usr/bin/env bash
# github.com/MicahParks/keyfunc: the longest wait for the rate limiter is also the longest that the fetch behind it may take.
#
# Seen with keyfunc v3.9.2 and jwkset v0.11.4, against a JWKS that takes 200 ms to answer, with a limiter that lets the fetch go at once:
#   RateLimitWaitMax 100 ms: refused, and "context deadline exceeded" is logged
#   RateLimitWaitMax 5 s:    accepted
#
# The option reads as a bound on the queue in front of the limiter, so a good engineer who wants no request to wait there sets it to next to
# nothing. Then a token of a key that is new since the last fetch brings a fetch that is given up before the answer is there: on the same
# machine it sometimes works, over a network never, and the new key is refused until the next periodic fetch, which is an hour by
# default. HTTPTimeout, which is there for the fetch, does not help: the shorter of the two counts. So RateLimitWaitMax is set to
# what a fetch may take.
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
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"
)

func answer(longestWait time.Duration) string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	modulus := base64.RawURLEncoding.EncodeToString(key.N.Bytes())
	var rotated atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
		kid := "old"
		if rotated.Load() {
			kid = "new"
		}
		time.Sleep(200 * time.Millisecond)
		fmt.Fprintf(response, `{"keys":[{"kty":"RSA","alg":"RS256","use":"sig","kid":%q,"n":%q,"e":"AQAB"}]}`, kid, modulus)
	}))
	defer server.Close()
	said := &strings.Builder{}
	slog.SetDefault(slog.New(slog.NewTextHandler(said, nil)))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	keys, err := keyfunc.NewDefaultOverrideCtx(ctx, []string{server.URL}, keyfunc.Override{
		HTTPTimeout:       5 * time.Second,
		RefreshUnknownKID: rate.NewLimiter(rate.Every(time.Minute), 1),
		RateLimitWaitMax:  longestWait,
	})
	if err != nil {
		panic(err)
	}
	rotated.Store(true)
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{"exp": time.Now().Add(time.Hour).Unix()})
	token.Header["kid"] = "new"
	signed, err := token.SignedString(key)
	if err != nil {
		panic(err)
	}
	if _, err := jwt.Parse(signed, keys.Keyfunc); err == nil {
		return "accepted"
	}
	if strings.Contains(said.String(), "context deadline exceeded") {
		return `refused, and "context deadline exceeded" is logged`
	}
	return "refused"
}

func main() {
	fmt.Println("RateLimitWaitMax 100 ms:", answer(100*time.Millisecond))
	fmt.Println("RateLimitWaitMax 5 s:   ", answer(5*time.Second))
}
GO
export GOFLAGS=-mod=mod
{ "$go" mod init check && "$go" get github.com/MicahParks/keyfunc/v3@v3.9.2 github.com/MicahParks/jwkset@v0.11.4 github.com/golang-jwt/jwt/v5@v5.3.1 &&
  "$go" mod tidy; } 2>/dev/null
"$go" build -o check .
./check | tee seen
printf '%s\n' 'RateLimitWaitMax 100 ms: refused, and "context deadline exceeded" is logged' 'RateLimitWaitMax 5 s:    accepted' | diff - seen
