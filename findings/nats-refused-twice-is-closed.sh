#!/usr/bin/env bash
# NATS: a client that is told to reconnect without limit is closed for good when it is refused twice in a row. An auth callout whose token
# service is away for a moment, or that is restarted itself, has that effect. nats-py is closed as soon as what it signed in with expires.
#
# Seen with nats-server v2.15.2. The auth callout accepts a client for three to four seconds each time, and for 6 s of the 15 s
#   accepts, as before:     nats.go v1.55.0:                goes on
#                           @nats-io/transport-node 3.4.0:  goes on
#                           nats-py 2.16.0:                 closed: nats: user authentication expired
#   answers with an error:  nats.go:                        closed: nats: Authorization Violation
#                           @nats-io/transport-node:        closed: Authorization Violation
#   is silent:              @nats-io/transport-node:        closed: Authorization Violation
#
# A callout can only accept or refuse, and one that does not answer within two seconds counts as a refusal. So an outage looks like a
# wrong token. A good engineer would guess that a limit of -1 is none, that a token which a function gives anew each time is tried
# anew, and that the end of a sign-in is a reason to sign in again: the server ends each connection when the token that the callout saw
# expires, so with tokens of ten minutes every client signs in every ten minutes.
#
# IgnoreAuthErrorAbort() (Go) and ignoreAuthErrorAbort: true (JavaScript) let them go on. nats-py has no such option: connect anew in
# closed_cb.
#
# Runs in a folder of its own, with modules of the Go proxy and packages of npm and PyPI. Needs Go 1.26 and Node 22. Takes one to two
# minutes. Exit code 0: it is still so.
set -euo pipefail
go=$(command -v go || echo /usr/local/go/bin/go)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @nats-io/transport-node@3.4.0
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check nats-py==2.16.0
cat >check.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, tokenAuthenticator } from '@nats-io/transport-node'

const [ignoreAuthErrorAbort, servers] = process.argv.slice(2)
const client = await connect({
  servers, maxReconnectAttempts: -1, reconnectTimeWait: 200, authenticator: tokenAuthenticator(() => 'token'),
  ignoreAuthErrorAbort: ignoreAuthErrorAbort === 'true',
})
let end
client.closed().then(error => (end = `closed: ${error?.message}`))
await sleep(15_000)
console.log(end ?? 'goes on')
process.exit()
JS
cat >check.py <<'PY'
import asyncio
import sys

import nats


async def ignore(_error):
    pass


async def main():
    client = await nats.connect(
        sys.argv[1], max_reconnect_attempts=-1, reconnect_time_wait=0.2, token=lambda: "token", error_cb=ignore,
    )
    await asyncio.sleep(15)
    print(f"closed: {client.last_error}" if client.is_closed else "goes on")


asyncio.run(main())
PY
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// What the auth callout does: accept a client for three to four seconds, answer with an error, or not answer.
var callout atomic.Value

func answer(issuer nkeys.KeyPair, message *nats.Msg) {
	request := must(jwt.DecodeAuthorizationRequestClaims(string(message.Data)))
	response := jwt.NewAuthorizationResponseClaims(request.UserNkey)
	response.Audience = request.Server.ID
	switch callout.Load() {
	case "is silent":
		return
	case "answers with an error":
		response.Error = "the token service is away"
	default:
		user := jwt.NewUserClaims(request.UserNkey)
		user.Name, user.Audience, user.Expires = "client", "CLIENTS", time.Now().Unix()+4
		response.Jwt = must(user.Encode(issuer))
	}
	message.Respond([]byte(must(response.Encode(issuer))))
}

// goClient connects, and says after 15 s what became of the connection.
func goClient(url string, more ...nats.Option) string {
	options := append([]nats.Option{
		nats.MaxReconnects(-1), nats.ReconnectWait(200 * time.Millisecond),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
		nats.TokenHandler(func() string { return "token" }),
	}, more...)
	client := must(nats.Connect(url, options...))
	defer client.Close()
	time.Sleep(15 * time.Second)
	if client.IsClosed() {
		return fmt.Sprintf("closed: %v", client.LastError())
	}
	return "goes on"
}

func main() {
	issuer := must(nkeys.CreateAccount())
	config := fmt.Sprintf(`
listen: "127.0.0.1:-1"
accounts { AUTH { users: [ { user: auth, password: auth } ] }, CLIENTS {} }
authorization { auth_callout { issuer: %s, account: AUTH, auth_users: [ auth ] } }
`, must(issuer.PublicKey()))
	os.WriteFile("nats.conf", []byte(config), 0o600)
	options := must(server.ProcessConfigFile("nats.conf"))
	options.NoLog, options.NoSigs = true, true
	service := must(server.NewServer(options))
	service.Start()
	service.ReadyForConnections(5 * time.Second)
	url := service.ClientURL()
	callouts := must(nats.Connect(url, nats.UserInfo("auth", "auth")))
	must(callouts.Subscribe("$SYS.REQ.USER.AUTH", func(message *nats.Msg) { answer(issuer, message) }))

	other := func(name string, arguments ...string) func() string {
		return func() string {
			out, err := exec.Command(name, append(arguments, url)...).Output()
			if err != nil {
				return err.Error()
			}
			return strings.TrimSpace(string(out))
		}
	}
	type client struct {
		name string
		run  func() string
	}
	clients := []client{
		{"nats.go v1.55.0", func() string { return goClient(url) }},
		{"the same, IgnoreAuthErrorAbort", func() string { return goClient(url, nats.IgnoreAuthErrorAbort()) }},
		{"@nats-io/transport-node 3.4.0", other("node", "check.mjs", "false")},
		{"the same, ignoreAuthErrorAbort", other("node", "check.mjs", "true")},
		{"nats-py 2.16.0", other("python/bin/python", "check.py")},
	}
	try := func(what string, clients []client) {
		fmt.Printf("the auth callout %s\n", what)
		callout.Store("accepts")
		seen := make([]string, len(clients))
		var all sync.WaitGroup
		for i, client := range clients {
			all.Go(func() { seen[i] = client.run() })
		}
		time.Sleep(3 * time.Second)
		callout.Store(what)
		time.Sleep(6 * time.Second)
		callout.Store("accepts")
		all.Wait()
		for i, client := range clients {
			fmt.Printf("  %-33s%s\n", client.name+":", seen[i])
		}
	}
	try("accepts", clients)
	try("answers with an error", clients)
	try("is silent", clients[2:4])
}
GO
export GOFLAGS=-mod=mod
{
  "$go" mod init check
  "$go" get github.com/nats-io/nats-server/v2@v2.15.2 github.com/nats-io/nats.go@v1.55.0 github.com/nats-io/jwt/v2@v2.8.2
} 2>/dev/null
"$go" build -o check . 2>/dev/null
./check | tee seen
diff - seen <<'SEEN'
the auth callout accepts
  nats.go v1.55.0:                 goes on
  the same, IgnoreAuthErrorAbort:  goes on
  @nats-io/transport-node 3.4.0:   goes on
  the same, ignoreAuthErrorAbort:  goes on
  nats-py 2.16.0:                  closed: nats: user authentication expired
the auth callout answers with an error
  nats.go v1.55.0:                 closed: nats: Authorization Violation
  the same, IgnoreAuthErrorAbort:  goes on
  @nats-io/transport-node 3.4.0:   closed: Authorization Violation
  the same, ignoreAuthErrorAbort:  goes on
  nats-py 2.16.0:                  closed: nats: user authentication expired
the auth callout is silent
  @nats-io/transport-node 3.4.0:   closed: Authorization Violation
  the same, ignoreAuthErrorAbort:  goes on
SEEN
