#!/usr/bin/env bash
# express-oauth2-jwt-bearer: an issuer that makes no ID tokens, and says so truthfully, has every access token refused.
#
# Seen with express-oauth2-jwt-bearer 1.10.0, the same RS256 access token, and metadata that differ in one member:
#   without the member:  200
#   ["RS256"]:           200
#   []:                  401 Unexpected 'alg' value
#
# `id_token_signing_alg_values_supported` is about ID tokens (OpenID Connect Discovery 1.0 §3). A good engineer would guess that a
# guard of access tokens does not read it, and that an empty list is the honest value of a server which issues none. The guard takes
# it as its list of algorithms for access tokens, and an empty list is one with nothing in it. Who serves openid-configuration for
# such libraries leaves the member out, or names the algorithm of the access tokens.
#
# Runs in a folder of its own, with packages of the npm registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund express-oauth2-jwt-bearer@1.10.0 express@5.2.1 jose@6.1.0
cat >check.mjs <<'JS'
import express from 'express'
import bearer from 'express-oauth2-jwt-bearer'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

const { publicKey, privateKey } = await generateKeyPair('RS256')
const key = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }

const listen = app => new Promise(resolve => { const server = app.listen(0, '127.0.0.1', () => resolve(server)) })
const urlOf = server => `http://127.0.0.1:${server.address().port}`

async function answerWith(member) {
  const issuerApp = express()
  const issuerServer = await listen(issuerApp)
  const issuer = urlOf(issuerServer)
  const metadata = { issuer, jwks_uri: `${issuer}/jwks`, ...(member && { id_token_signing_alg_values_supported: member }) }
  issuerApp.get('/.well-known/openid-configuration', (_, response) => response.json(metadata))
  issuerApp.get('/jwks', (_, response) => response.json({ keys: [key] }))
  const api = express()
  api.use(bearer.auth({ issuerBaseURL: issuer, audience: 'https://api.example.com' }))
  api.get('/', (_, response) => response.json({}))
  api.use((error, _request, response, _next) => response.status(error.status ?? 500).send(error.message))
  const apiServer = await listen(api)
  const token = await new SignJWT({}).setProtectedHeader({ alg: 'RS256', kid: 'one' }).setIssuer(issuer)
    .setAudience('https://api.example.com').setSubject('somebody').setIssuedAt().setExpirationTime('5m').sign(privateKey)
  const response = await fetch(urlOf(apiServer), { headers: { authorization: `Bearer ${token}` } })
  const text = response.ok ? '' : ` ${await response.text()}`
  for (const server of [issuerServer, apiServer]) server.close()
  return `${response.status}${text}`
}

const seen = [await answerWith(undefined), await answerWith(['RS256']), await answerWith([])]
console.log(`without the member:  ${seen[0]}\n["RS256"]:           ${seen[1]}\n[]:                  ${seen[2]}`)
process.exit(seen[0] === '200' && seen[1] === '200' && /^401 .*alg/.test(seen[2]) ? 0 : 1)
JS
node check.mjs
