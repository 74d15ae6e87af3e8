#!/usr/bin/env bash
# simple-oauth2: a revocation that succeeded throws, when the answer has no body.
#
# Seen with simple-oauth2 5.1.0, against a server that answers a revocation with 200:
#   an empty body:                  throws, although the server has revoked the token
#   {} as application/json:         done
#
# RFC 7009 §2.2 lets the server answer with 200 alone, "the content of the response body is ignored by the client". A good engineer
# would guess that the call resolves. The library reads every answer as JSON and fails at one that says of itself to be none, so an
# application tells the person that signing out has failed, and may try again for ever. A server that answers `{}` works with it, and
# with every client that ignores the body.
#
# Runs in a folder of its own, with packages of the npm registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund simple-oauth2@5.1.0
cat >check.mjs <<'JS'
import { createServer } from 'node:http'
import { ClientCredentials } from 'simple-oauth2'

async function revokeAt(answer) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => answer(response))
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const tokenHost = `http://127.0.0.1:${server.address().port}`
  const client = new ClientCredentials({ client: { id: 'app', secret: 'secret' }, auth: { tokenHost } })
  const token = client.createToken({ access_token: 'a', token_type: 'Bearer', expires_in: 600 })
  const done = await token.revoke('access_token').then(() => 'done', error => `throws: ${error.message}`)
  server.close()
  return done
}

const empty = await revokeAt(response => response.writeHead(200, { 'content-length': 0 }).end())
const json = await revokeAt(response => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
console.log(`an empty body:                  ${empty}\n{} as application/json:         ${json}`)
process.exit(empty.startsWith('throws') && json === 'done' ? 0 : 1)
JS
node check.mjs
