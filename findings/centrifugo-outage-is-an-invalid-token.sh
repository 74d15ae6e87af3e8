#!/usr/bin/env bash
# Centrifugo tells a client that its token is invalid when it could not fetch the key set, and the client never comes back.
#
# Seen with Centrifugo v6.9.1, its client centrifuge 5.8.0, a good token, and a key set whose address answers 503 for two seconds:
#   Centrifugo itself is away for two seconds:   the client tries again, and is connected
#   the key set is, and no key is known yet:     disconnected, 3500 invalid token, and it is still so when the set is back
#   the key set is, and the key is known:        connected
#
# Its page of codes divides them: 3000 to 3499 let a client come back, 3500 to 3999 end it, "invalid token" among them. A good engineer
# would guess that an outage is of the first kind, as other faults of the server are. But whatever goes wrong with a token is one
# error, and only an expired one is told from it. A fetch gets one second, twice, and a key is known until an hour after its last
# use. So a token service that is slow or away while Centrifugo starts, or at the first token of a new key, costs each open page its
# connection for good. A page that hears of 3500 gets a new token and calls connect() again, a little later each time.
#
# Runs in a folder of its own, with modules of the Go proxy and packages of the npm registry. Needs Go 1.26. The first time, it compiles
# for some minutes. Exit code 0: it is still so.
set -euo pipefail
go=$(command -v go || echo /usr/local/go/bin/go)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
GOBIN=$folder "$go" install github.com/centrifugal/centrifugo/v6@v6.9.1 2>/dev/null
npm init -y >/dev/null
npm install --silent --no-audit --no-fund centrifuge@5.8.0 ws@8.23.0 jose@6.2.18
cat >check.mjs <<'JS'
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Centrifuge } from 'centrifuge'
import { SignJWT } from 'jose'
import WebSocket from 'ws'

const issuer = 'https://login.example.com'
const audience = 'https://api.example.com'
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }]
const token = await new SignJWT({}).setProtectedHeader({ alg: 'RS256', kid: 'one' }).setIssuer(issuer).setAudience(audience)
  .setSubject('somebody').setIssuedAt().setExpirationTime('10m').sign(privateKey)

let status = 200
const service = createServer((_, response) => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(status === 200 ? { keys } : { error: 'temporarily_unavailable' }))
})
service.listen(0, '127.0.0.1')
await once(service, 'listening')

const free = createServer().listen(0, '127.0.0.1')
await once(free, 'listening')
const { port } = free.address()
free.close()
const jwks = `http://127.0.0.1:${service.address().port}/jwks.json`
writeFileSync('config.json', JSON.stringify({
  http_server: { address: '127.0.0.1', port: String(port) },
  client: { token: { jwks_public_endpoint: jwks, issuer, audience } },
}))

let server
process.on('exit', () => server?.kill('SIGKILL'))
async function startServer() {
  server = spawn('./centrifugo', ['--config', 'config.json'], { stdio: 'ignore' })
  for (let tries = 0; tries < 150; tries += 1) {
    if (await fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false)) return
    await sleep(100)
  }
  throw new Error('Centrifugo did not start.')
}
async function stopServer() {
  server.kill('SIGKILL')
  await once(server, 'exit')
}

/** How the client is three seconds after what was away is back. */
async function stateAfter(away, back) {
  await away()
  let reason = ''
  const client = new Centrifuge(`ws://127.0.0.1:${port}/connection/websocket`, {
    token,
    websocket: WebSocket,
    minReconnectDelay: 200,
    maxReconnectDelay: 500,
  })
  client.on('disconnected', context => {
    reason = `, ${context.code} ${context.reason}`
  })
  client.connect()
  await sleep(2000)
  await back()
  await sleep(3000)
  const state = client.state + reason
  client.disconnect()
  return state
}
const keySetAway = () => { status = 503 }
const keySetBack = () => { status = 200 }

await startServer()
const unknown = await stateAfter(keySetAway, keySetBack)
await stopServer()
const down = await stateAfter(() => undefined, startServer)
const known = await stateAfter(keySetAway, keySetBack)
await stopServer()
service.close()
console.log(`Centrifugo itself is away:                 ${down}`)
console.log(`the key set is, and no key is known yet:   ${unknown}`)
console.log(`the key set is, and the key is known:      ${known}`)
process.exit(down === 'connected' && unknown === 'disconnected, 3500 invalid token' && known === 'connected' ? 0 : 1)
JS
node check.mjs
