#!/usr/bin/env bash
# @hapi/jwt keeps its keys for a week, and throws them away at the first refresh that fails: every good token is then answered with 500.
#
# Seen with @hapi/jwt 3.2.4 and @hapi/hapi 21.4.10, with a set that is stale after a second (by default an hour) and expires after
# ten minutes (a week), and one good token:
#                             fresh   fresh, address at 503   stale, address at 503   again
#   as it comes:              200     200                     500                     500
#   dropOnError: false:       200     200                     200                     200
#
# Stale after an hour, expired after a week: a good engineer would guess that the week is for outages. But catbox, the cache beneath,
# drops a stale value when its refresh fails unless it is told otherwise, so the week only helps where no request comes. A restart
# of the token service in the wrong second of an hour is an outage of all its resources, and not a 401 or 503. The plugin's page names
# neither these times nor the option. `cache` takes it, and replaces the defaults as a whole:
# { expiresIn, staleIn, staleTimeout, generateTimeout, dropOnError: false }. A new key is not looked for before the set is stale either.
#
# Runs in a folder of its own, with packages of the npm registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @hapi/jwt@3.2.4 @hapi/hapi@21.4.10 jose@6.2.18
cat >check.mjs <<'JS'
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import Hapi from '@hapi/hapi'
import Jwt from '@hapi/jwt'
import { SignJWT } from 'jose'

const issuer = 'https://login.example.com'
const audience = 'https://api.example.com'
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }]
const token = await new SignJWT({}).setProtectedHeader({ alg: 'RS256', kid: 'one' }).setIssuer(issuer).setAudience(audience)
  .setExpirationTime('5m').sign(privateKey)

async function answersWith(more) {
  let status = 200
  const service = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...(status === 503 && { 'retry-after': '1' }) })
    response.end(JSON.stringify(status === 200 ? { keys } : { error: 'temporarily_unavailable' }))
  })
  await new Promise(resolve => service.listen(0, '127.0.0.1', resolve))
  const server = Hapi.server({ debug: false })
  await server.register(Jwt)
  server.auth.strategy('tokens', 'jwt', {
    keys: { uri: `http://127.0.0.1:${service.address().port}/jwks.json`, algorithms: ['RS256'] },
    verify: { iss: issuer, aud: audience, sub: false },
    validate: false,
    cache: { expiresIn: 600_000, staleIn: 1000, staleTimeout: 500, generateTimeout: 2000, ...more },
  })
  server.auth.default('tokens')
  server.route({ method: 'GET', path: '/', handler: () => ({}) })
  await server.initialize()
  const answer = async () => (await server.inject({ url: '/', headers: { authorization: `Bearer ${token}` } })).statusCode
  const answers = [await answer()]
  status = 503
  answers.push(await answer())
  await sleep(1200)
  answers.push(await answer(), await answer())
  await server.stop()
  service.close()
  return answers.join(', ')
}

const usual = await answersWith({})
const told = await answersWith({ dropOnError: false })
console.log('fresh, fresh with its address at 503, stale with it at 503, and again:')
console.log(`as it comes:         ${usual}\ndropOnError: false:  ${told}`)
process.exit(usual === '200, 200, 500, 500' && told === '200, 200, 200, 200' ? 0 : 1)
JS
node check.mjs
