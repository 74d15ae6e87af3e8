#!/usr/bin/env bash
# Hono's jwk middleware fetches the key set for each request, and takes a set that it cannot reach for a bad token.
#
# Seen with hono 4.13.19, a good token, and a set with `Cache-Control: max-age=300`:
#   five requests:                                    200 each, and 5 fetches of the set
#   the set's address answers 503:                    500
#   nobody listens there, or its name is not found:   401 Bearer error="invalid_token"
#
# A good engineer would guess that a middleware which is given the address of a set keeps it for a while, and can tell an outage
# from a forgery. It keeps nothing, so each request waits for the token service, and a moment without that is an outage at once. What
# clients are told depends on how it is away: its own error about the status becomes a 500, and the TypeError of fetch a 401,
# upon which they refresh, and sign people out. So fetch and keep the keys yourself: `keys` takes a function.
#
# Runs in a folder of its own, with packages of the npm registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund hono@4.13.19 jose@6.2.18
cat >check.mjs <<'JS'
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { Hono } from 'hono'
import { jwk } from 'hono/jwk'
import { SignJWT } from 'jose'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }]
const token = await new SignJWT({}).setProtectedHeader({ alg: 'RS256', kid: 'one', typ: 'JWT' }).setExpirationTime('5m').sign(privateKey)

let status = 200
let fetches = 0
const service = createServer((_, response) => {
  fetches += 1
  response.writeHead(status, { 'content-type': 'application/json', ...(status === 200 && { 'cache-control': 'max-age=300' }) })
  response.end(JSON.stringify(status === 200 ? { keys } : { error: 'temporarily_unavailable' }))
})
await new Promise(resolve => service.listen(0, '127.0.0.1', resolve))
const address = `http://127.0.0.1:${service.address().port}/jwks.json`

function guardedBy(options) {
  const app = new Hono()
  app.use('/', jwk({ alg: ['RS256'], ...options }))
  app.get('/', context => context.text(''))
  app.onError((error, context) => error.res ?? context.text('', 500))
  return async () => {
    const answer = await app.request('/', { headers: { authorization: `Bearer ${token}` } })
    const [error = ''] = /error="\w+"/.exec(answer.headers.get('www-authenticate') ?? '') ?? []
    return `${answer.status} ${error}`.trim()
  }
}

const ask = guardedBy({ jwks_uri: address })
const five = []
for (let count = 0; count < 5; count += 1) five.push(await ask())
const fetchesOfFive = fetches
status = 503
const unavailable = await ask()
service.close()
service.closeAllConnections()
const unreachable = await ask()
const unknown = await guardedBy({ jwks_uri: 'http://login.invalid/jwks.json' })()
const kept = await guardedBy({ keys: () => keys })()

console.log(`five requests: ${five.join(', ')}, and ${fetchesOfFive} fetches of the set`)
console.log(`the set's address answers 503: ${unavailable}\nnobody listens there: ${unreachable}\nits name is not found: ${unknown}`)
console.log(`the set is kept by the program: ${kept}`)
const asSeen = five.join() === '200,200,200,200,200' && fetchesOfFive === 5 && unavailable === '500' && kept === '200'
process.exit(asSeen && [unreachable, unknown].every(answer => answer === '401 error="invalid_token"') ? 0 : 1)
JS
node check.mjs
