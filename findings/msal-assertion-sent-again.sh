#!/usr/bin/env bash
# MSAL signs one client assertion and sends it for nine minutes (Python) or ten (Node): a server that takes a `jti` once refuses the
# second request.
#
# Seen with msal 1.39.0 and @azure/msal-node 7.2.3, each with a private key, requests for tokens of different scopes, the later
# ones with the clock set forward:
#   MSAL for Python: at once the same jti, after 9 minutes another
#   MSAL for Node:   at once the same jti, after 9 minutes the same jti, after 11 minutes another
#
# The library makes the assertion itself, as it needs it, so a good engineer would guess that each request has one of its own: for
# `private_key_jwt`, "these tokens MUST only be used once" (OpenID Connect Core 1.0 §9), and RFC 7523 §3 lets a server look at `jti`.
# Nothing shows it while one token is cached. The second request comes with another scope, or when half of a token of ten minutes has
# gone, as what has five minutes left is too old for the library: then there is no token for the other four. Who has such a server
# gives the library a function (`client_assertion`, `clientAssertion`) that signs anew each time.
#
# Runs in a folder of its own, with packages of PyPI and the npm registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check msal==1.39.0 cryptography==50.0.2
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @azure/msal-node@7.2.3

cat >check.py <<'PY'
import json
import time
from types import SimpleNamespace
from unittest.mock import patch

import jwt
import msal
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

issuer = "https://issuer.example.com/tenant"
metadata = {"issuer": issuer, "token_endpoint": f"{issuer}/token", "authorization_endpoint": f"{issuer}/authorize"}
seen = []


class Http:
    """What MSAL calls an http_client."""

    def get(self, url, **_):
        return SimpleNamespace(status_code=200, headers={}, text=json.dumps(metadata))

    def post(self, url, data, **_):
        seen.append(jwt.decode(data["client_assertion"], options={"verify_signature": False})["jti"])
        return SimpleNamespace(status_code=200, headers={}, text='{"access_token":"a","token_type":"Bearer","expires_in":600}')


key = rsa.generate_private_key(65537, 2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
credential = {"private_key": key.decode(), "thumbprint": "00" * 20}
application = msal.ConfidentialClientApplication("client", credential, oidc_authority=issuer, http_client=Http())
for scope in ("one", "two"):
    application.acquire_token_for_client([scope])
later = time.time() + 9 * 60
with patch("time.time", lambda: later):
    application.acquire_token_for_client(["three"])
told = ["the same jti" if jti == seen[0] else "another" for jti in seen[1:]]
print(f"MSAL for Python: at once {told[0]}, after 9 minutes {told[1]}")
raise SystemExit(told != ["the same jti", "another"])
PY

cat >check.mjs <<'JS'
import { generateKeyPairSync } from 'node:crypto'
import { mock } from 'node:test'
import { ConfidentialClientApplication, ProtocolMode } from '@azure/msal-node'

const issuer = 'https://issuer.example.com'
const metadata = { issuer, token_endpoint: `${issuer}/token`, authorization_endpoint: `${issuer}/authorize`, jwks_uri: `${issuer}/jwks` }
const seen = []
const networkClient = {
  sendGetRequestAsync: async () => ({ status: 200, headers: {}, body: metadata }),
  async sendPostRequestAsync(_url, { body }) {
    const [, claims] = new URLSearchParams(body).get('client_assertion').split('.')
    seen.push(JSON.parse(Buffer.from(claims, 'base64url')).jti)
    return { status: 200, headers: {}, body: { access_token: 'a', token_type: 'Bearer', expires_in: 600 } }
  },
}
const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
const clientCertificate = { thumbprintSha256: '00'.repeat(32), privateKey }
const application = new ConfidentialClientApplication({
  auth: { clientId: 'client', authority: issuer, knownAuthorities: ['issuer.example.com'], clientCertificate },
  system: { protocolMode: ProtocolMode.OIDC, networkClient },
})
mock.timers.enable({ apis: ['Date'], now: Date.now() })
for (const [scope, minutes] of [['one', 0], ['two', 0], ['three', 9], ['four', 2]]) {
  mock.timers.tick(minutes * 60_000)
  await application.acquireTokenByClientCredential({ scopes: [scope] })
}
const told = seen.slice(1).map(jti => (jti === seen[0] ? 'the same jti' : 'another'))
console.log(`MSAL for Node:   at once ${told[0]}, after 9 minutes ${told[1]}, after 11 minutes ${told[2]}`)
process.exit(told.join() === 'the same jti,the same jti,another' ? 0 : 1)
JS
python/bin/python check.py
node check.mjs
