#!/usr/bin/env bash
# github.com/zitadel/oidc: if a client hangs up while its request fetches the keys, all requests that wait for them are refused.
#
# Seen with zitadel/oidc v3.52.0 and coreos/go-oidc v3.21.0, a key set that takes 500 ms to answer, and two requests with one good
# token. The first one brings the fetch, and its client hangs up after 200 ms:
#   zitadel/oidc, nobody hangs up:  the second is accepted
#   zitadel/oidc:                   the second is refused: context canceled
#   go-oidc:                        the second is accepted
#
# All that wait share one fetch. A good engineer would guess that it belongs to none of them, and knows the same code from go-oidc,
# which since 2024 detaches it. Here it has run in the context of whoever came first since v3.22.1. So a page that is closed in the wrong
# half-second, after a start or at a new key, has others refused. Their error is a context.Canceled although their own context is
# not: a handler that takes it for "the client is gone", as many do, logs nothing. Verify with a context that is not the
# request's: context.WithoutCancel(r.Context()), with a time limit.
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
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// What a request verifies, with its context.
type verify func(ctx context.Context, token string) error

func answerToTheSecond(makeVerify func(address string) verify, hangUp bool) string {
	key := must(rsa.GenerateKey(rand.Reader, 2048))
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(500 * time.Millisecond)
		public := jose.JSONWebKey{Key: &key.PublicKey, KeyID: "one", Algorithm: "RS256", Use: "sig"}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"keys":[%s]}`, must(public.MarshalJSON()))
	}))
	defer service.Close()
	private := jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "one"}}
	signed := must(must(jose.NewSigner(private, nil)).Sign([]byte(`{"sub":"somebody"}`)))
	token := must(signed.CompactSerialize())
	check := makeVerify(service.URL)

	first, gone := context.WithCancel(context.Background())
	defer gone()
	ended := make(chan error)
	go func() { ended <- check(first, token) }()
	time.Sleep(100 * time.Millisecond)
	if hangUp {
		time.AfterFunc(100*time.Millisecond, gone)
	}
	second := context.Background()
	err := check(second, token)
	<-ended
	if err == nil {
		return "accepted"
	}
	if errors.Is(err, context.Canceled) && second.Err() == nil {
		return "refused: context canceled"
	}
	return "refused: " + err.Error()
}

func zitadel(address string) verify {
	keys := rp.NewRemoteKeySet(http.DefaultClient, address)
	return func(ctx context.Context, token string) error {
		_, err := keys.VerifySignature(ctx, must(jose.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})))
		return err
	}
}

func coreos(address string) verify {
	keys := gooidc.NewRemoteKeySet(context.Background(), address)
	return func(ctx context.Context, token string) error {
		_, err := keys.VerifySignature(ctx, token)
		return err
	}
}

func main() {
	fmt.Println("zitadel/oidc, nobody hangs up:", answerToTheSecond(zitadel, false))
	fmt.Println("zitadel/oidc:                 ", answerToTheSecond(zitadel, true))
	fmt.Println("go-oidc:                      ", answerToTheSecond(coreos, true))
}
GO
export GOFLAGS=-mod=mod
{
  "$go" mod init check
  "$go" get github.com/zitadel/oidc/v3@v3.52.0 github.com/coreos/go-oidc/v3@v3.21.0
  "$go" mod tidy
} 2>/dev/null
"$go" build -o check .
./check | tee seen
printf '%s\n' 'zitadel/oidc, nobody hangs up: accepted' 'zitadel/oidc:                  refused: context canceled' \
  'go-oidc:                       accepted' | diff - seen
