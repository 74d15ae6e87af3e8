#!/usr/bin/env bash
# fastify-jwt-jwks: a key that was missing from the set once is missing for a week, although it is there now.
#
# Seen with fastify-jwt-jwks 3.1.2 and fastify 5.12.8, and good tokens of three keys:
#   the first key, which is in the set:       200
#   the second key, which is not in it yet:   401 Missing Key
#   the second key, when it is:               401 Missing Key, and nothing is fetched
#   a third key, published with the second:   200, and the set is fetched
#
# `secretsTtl` is documented as the time for which keys are cached, a week by default. A good engineer would guess that an absence is no
# key, and that an unknown one has the set fetched again, if seldom, as with other libraries. Here the absence is kept as long as a
# key. One token that is here before its key is enough: after an emergency rotation, say, where a cache in front of the set still has the
# old one for the rest of its max-age. That process then refuses everybody, while its neighbour, asked a minute later, works. Set
# `secretsTtl` to minutes, which also bounds how long a withdrawn key is accepted.
#
# Runs in a folder of its own, with packages of the npm registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund fastify-jwt-jwks@3.1.2 fastify@5.12.8 jose@6.2.18
cat >check.mjs <<'JS'
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import fastify from 'fastify'
import fastifyJwtJwks from 'fastify-jwt-jwks'
import { SignJWT } from 'jose'

const issuer = 'https://login.example.com'
const pairs = ['first', 'second', 'third'].map(kid => ({ kid, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) }))
const [first, second, third] = pairs
const jwk = ({ kid, publicKey }) => ({ ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' })

let published = [first]
let fetches = 0
const service = createServer((_, response) => {
  fetches += 1
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: published.map(jwk) }))
})
await new Promise(resolve => service.listen(0, '127.0.0.1', resolve))

const app = fastify()
await app.register(fastifyJwtJwks, { jwksUrl: `http://127.0.0.1:${service.address().port}/jwks.json`, issuer })
app.get('/', { preValidation: app.authenticate }, () => ({}))

async function answerTo({ kid, privateKey }) {
  const token = await new SignJWT({}).setProtectedHeader({ alg: 'RS256', kid }).setIssuer(issuer).setExpirationTime('5m').sign(privateKey)
  const before = fetches
  const { statusCode, body } = await app.inject({ url: '/', headers: { authorization: `Bearer ${token}` } })
  return `${statusCode}${/Missing Key/.test(body) ? ' Missing Key' : ''}, ${fetches - before} fetched`
}

const seen = { 'the first key, which is in the set': await answerTo(first) }
seen['the second key, which is not in it yet'] = await answerTo(second)
published = pairs
seen['the second key, when it is'] = await answerTo(second)
seen['a third key, published with the second'] = await answerTo(third)
for (const [name, answer] of Object.entries(seen)) console.log(`${name}: ${answer}`)
await app.close()
service.close()
const expected = ['200, 1 fetched', '401 Missing Key, 1 fetched', '401 Missing Key, 0 fetched', '200, 1 fetched']
process.exit(Object.values(seen).join() === expected.join() ? 0 : 1)
JS
node check.mjs
