#!/usr/bin/env bash
# @fastify/jwt answers 500 to a token of another type than it was told to want, and 401 to every other bad one.
#
# Seen with @fastify/jwt 10.2.8, fastify 5.12.8 and `checkTyp: 'at+jwt'`:
#   a good token:                   200
#   one that has expired:           401 FST_JWT_AUTHORIZATION_TOKEN_EXPIRED
#   one with another `iss`:         401 FST_JWT_AUTHORIZATION_TOKEN_INVALID
#   one of the type JWT:            500 FAST_JWT_INVALID_TYPE
#
# A good engineer would guess that what the plugin is told to check it answers alike, and that a 500 is a fault of the server: it
# wakes somebody up, and clients try again with the same token. The plugin translates the errors of fast-jwt that it knows, and hands
# on the others. Who sets `checkTyp` catches what `jwtVerify` throws.
#
# Runs in a folder of its own, with packages of the npm registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @fastify/jwt@10.2.8 fastify@5.12.8 jose@6.2.18
cat >check.mjs <<'JS'
import { generateKeyPairSync } from 'node:crypto'
import fastifyJwt from '@fastify/jwt'
import fastify from 'fastify'
import { SignJWT } from 'jose'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const issuer = 'https://login.example.com'
const app = fastify()
await app.register(fastifyJwt, {
  secret: { public: publicKey.export({ type: 'spki', format: 'pem' }) },
  verify: { algorithms: ['RS256'], allowedIss: issuer, checkTyp: 'at+jwt' },
})
app.get('/', { onRequest: request => request.jwtVerify() }, () => ({}))

async function answerTo({ typ = 'at+jwt', iss = issuer, seconds = 600 }) {
  const exp = Math.floor(Date.now() / 1000) + seconds
  const token = await new SignJWT({ iss }).setProtectedHeader({ alg: 'RS256', typ }).setExpirationTime(exp).sign(privateKey)
  const { statusCode, body } = await app.inject({ url: '/', headers: { authorization: `Bearer ${token}` } })
  return `${statusCode} ${JSON.parse(body).code ?? ''}`.trim()
}

const seen = {
  'a good token': await answerTo({}),
  'one that has expired': await answerTo({ seconds: -600 }),
  'one with another iss': await answerTo({ iss: 'https://other.example.com' }),
  'one of the type JWT': await answerTo({ typ: 'JWT' }),
}
for (const [name, answer] of Object.entries(seen)) console.log(`${name}: ${answer}`)
const [good, expired, other, type] = Object.values(seen)
process.exit(good === '200' && /^401 /.test(expired) && /^401 /.test(other) && type === '500 FAST_JWT_INVALID_TYPE' ? 0 : 1)
JS
node check.mjs
