#!/usr/bin/env bash
# Confluent's schema registry client for JavaScript: a token that lives half an hour or less is used for one request only. While the
# token service is away, every request fails, although the client has a token that is good for many more minutes.
#
# Seen with @confluentinc/schemaregistry 1.10.1, ten requests to a registry, and then one while the token service answers 503:
#   tokens of 10 minutes, one after the other:   10 tokens, then: Failed to get token from server
#   tokens of 10 minutes, all at once:           10 tokens, then: Failed to get token from server
#   tokens of 60 minutes, one after the other:   1 token, then: an answer
#   tokens of 60 minutes, all at once:           10 tokens, then: an answer
#
# A token counts as expired 30 minutes before it is: a constant, with no setting. A good engineer would guess some seconds, or a part of
# the lifetime, as in the same company's client for Python (confluent-kafka 2.16.1), which asks again when a fifth is left. Neither goes
# on with the token that it has when it gets no new one. Requests that start together don't share the one that they ask for.
#
# Give this client tokens that live an hour. Between two of them it still asks again after half of that.
#
# Runs in a folder of its own, with packages of npm. Needs Node 22. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @confluentinc/schemaregistry@1.10.1
cat >check.mjs <<'JS'
import { createServer } from 'node:http'
import { SchemaRegistryClient } from '@confluentinc/schemaregistry'

let minutes, tokens, away
// The token service and the registry in one.
const server = createServer((request, response) => {
  response.setHeader('content-type', 'application/json')
  if (request.url !== '/token') return response.end('["subject"]')
  response.statusCode = away ? 503 : 200
  if (!away) tokens++
  request.resume().on('end', () =>
    response.end(JSON.stringify(away ? { error: 'temporarily_unavailable' } : { access_token: 'token', token_type: 'Bearer', expires_in: minutes * 60 })),
  )
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const base = `http://127.0.0.1:${server.address().port}`

for (minutes of [10, 60]) {
  for (const how of ['one after the other', 'all at once']) {
    tokens = 0
    away = false
    const client = new SchemaRegistryClient({
      baseURLs: [base],
      maxRetries: 1,
      retriesWaitMs: 100,
      bearerAuthCredentials: {
        credentialsSource: 'OAUTHBEARER', clientId: 'client', clientSecret: 'secret', scope: 'read',
        issuerEndpointUrl: `${base}/token`, logicalCluster: 'lsrc-1',
      },
    })
    if (how === 'all at once') await Promise.all(Array.from({ length: 10 }, () => client.getAllSubjects()))
    else for (let i = 0; i < 10; i++) await client.getAllSubjects()
    away = true
    const then = await client.getAllSubjects().then(() => 'an answer', error => error.message.split(':')[0])
    console.log(`${`tokens of ${minutes} minutes, ${how}:`.padEnd(45)}${tokens} token${tokens === 1 ? '' : 's'}, then: ${then}`)
  }
}
process.exit()
JS
node check.mjs | tee seen
diff - seen <<'SEEN'
tokens of 10 minutes, one after the other:   10 tokens, then: Failed to get token from server
tokens of 10 minutes, all at once:           10 tokens, then: Failed to get token from server
tokens of 60 minutes, one after the other:   1 token, then: an answer
tokens of 60 minutes, all at once:           10 tokens, then: an answer
SEEN
