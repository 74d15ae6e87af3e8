#!/usr/bin/env bash
# gRPC for Go, credentials/sts, which names RFC 8693 as what it does: it sends the token exchange as JSON, so that a service which follows
# the RFC finds no parameter in it. The package is marked as experimental.
#
# Seen with google.golang.org/grpc v1.85.0:
#   a service that reads a form:         http status 400, body: {"error":"invalid_request"}, sent application/json
#   one that reads JSON, without Scope:  asks for https://www.googleapis.com/auth/cloud-platform
#   a file that ends with a newline:     sends "the-token\n"
#   tokens of 300 s, ten calls:          10 exchanges
#   tokens of 600 s, ten calls:          1 exchange
#
# RFC 8693 §2.1 wants application/x-www-form-urlencoded, as every grant of OAuth 2 does. A good engineer would guess that a service which
# exchanges tokens for curl does so for gRPC, that no scope means none, and that the newline at the end of a file is not part of the
# token. No option names a client or its secret. A token is used while it has more than 300 s left, so one of ten minutes for five.
#
# Use credentials/oauth with a TokenSource of golang.org/x/oauth2 instead, or one of your own that makes the exchange.
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
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/sts"
)

// secure is a connection over which gRPC may send a token.
type secure struct{ credentials.CommonAuthInfo }

func (secure) AuthType() string { return "tls" }

var (
	readsJSON bool
	lifetime  int
	sentType  string
	exchanges int
	sent      map[string]string
)

func tokens(w http.ResponseWriter, r *http.Request) {
	exchanges++
	sentType = r.Header.Get("Content-Type")
	grant := ""
	if readsJSON {
		sent = nil
		json.NewDecoder(r.Body).Decode(&sent)
		grant = sent["grant_type"]
	} else {
		grant = r.PostFormValue("grant_type")
	}
	w.Header().Set("Content-Type", "application/json")
	if grant != "urn:ietf:params:oauth:grant-type:token-exchange" {
		w.WriteHeader(400)
		fmt.Fprint(w, `{"error":"invalid_request"}`)
		return
	}
	fmt.Fprintf(w, `{"access_token":"token","issued_token_type":"urn:ietf:params:oauth:token-type:access_token","token_type":"Bearer","expires_in":%d}`, lifetime)
}

func main() {
	server := httptest.NewServer(http.HandlerFunc(tokens))
	os.WriteFile("subject", []byte("the-token\n"), 0o600)
	ctx := credentials.NewContextWithRequestInfo(context.Background(), credentials.RequestInfo{
		AuthInfo: secure{credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}},
	})
	// calls makes ten calls with new credentials, and returns the first error.
	calls := func(asJSON bool, seconds int) error {
		readsJSON, lifetime, exchanges = asJSON, seconds, 0
		perCall, err := sts.NewCredentials(sts.Options{
			TokenExchangeServiceURI: server.URL, SubjectTokenPath: "subject", SubjectTokenType: "urn:ietf:params:oauth:token-type:jwt",
		})
		for i := 0; i < 10 && err == nil; i++ {
			_, err = perCall.GetRequestMetadata(ctx)
		}
		return err
	}
	fmt.Printf("a service that reads a form:         %v, sent %s\n", calls(false, 600), sentType)
	if err := calls(true, 300); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("one that reads JSON, without Scope:  asks for %s\n", sent["scope"])
	fmt.Printf("a file that ends with a newline:     sends %q\n", sent["subject_token"])
	fmt.Printf("tokens of 300 s, ten calls:          %d exchanges\n", exchanges)
	if err := calls(true, 600); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("tokens of 600 s, ten calls:          %d exchange\n", exchanges)
}
GO
export GOFLAGS=-mod=mod
{ "$go" mod init check && "$go" get google.golang.org/grpc@v1.85.0; } 2>/dev/null
"$go" run . | tee seen
diff - seen <<'SEEN'
a service that reads a form:         http status 400, body: {"error":"invalid_request"}, sent application/json
one that reads JSON, without Scope:  asks for https://www.googleapis.com/auth/cloud-platform
a file that ends with a newline:     sends "the-token\n"
tokens of 300 s, ten calls:          10 exchanges
tokens of 600 s, ten calls:          1 exchange
SEEN
