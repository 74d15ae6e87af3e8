#!/usr/bin/env bash
# A signature by an Ed25519 key is called `Ed25519` by some libraries and `EdDSA` by others, and who allows the one refuses the other.
#
# Seen with oauth4webapi 3.8.8 (which openid-client is made of), jose 6.2.18 and PyJWT 2.15.1, and one key:
#   oauth4webapi signs a client assertion:             Ed25519
#   PyJWT signs:                                       EdDSA, and can't sign as Ed25519
#   jose reads the first, algorithms: ['EdDSA']:       refused
#   jose reads the first, the key has alg EdDSA:       no key
#   jose reads the first, the key has no alg:          verified
#   PyJWT reads the first, by either name:             refused, refused
#   PyJWT reads it when its header says EdDSA:         verified
#
# RFC 8037 has the one name and RFC 9864 deprecates it for the other: key, bytes and signature are the same. A good engineer would guess
# that a list with EdDSA in it takes what an Ed25519 key has signed. Clients can't choose: each library writes the name that it knows.
# Who verifies takes both for such a key, whatever the key's own `alg` calls it, and names both in metadata.
#
# Runs in a folder of its own, with packages of PyPI and the npm registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check PyJWT==2.15.1 cryptography==50.0.2
npm init -y >/dev/null
npm install --silent --no-audit --no-fund oauth4webapi@3.8.8 jose@6.2.18

cat >check.mjs <<'JS'
import { writeFileSync } from 'node:fs'
import { CompactSign, createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { PrivateKeyJwt } from 'oauth4webapi'

const { privateKey, publicKey } = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
const form = new URLSearchParams()
await PrivateKeyJwt(privateKey)({ issuer: 'https://issuer.example.com' }, { client_id: 'client' }, form, new Headers())
const token = form.get('client_assertion')
const { kty, crv, x } = await crypto.subtle.exportKey('jwk', publicKey)

const read = (alg, algorithms) =>
  jwtVerify(token, createLocalJWKSet({ keys: [{ kty, crv, x, ...(alg && { alg }) }] }), { algorithms }).then(
    () => 'verified',
    ({ code }) => ({ ERR_JOSE_ALG_NOT_ALLOWED: 'refused', ERR_JWKS_NO_MATCHING_KEY: 'no key' })[code] ?? code,
  )
const seen = [decodeProtectedHeader(token).alg, await read(undefined, ['EdDSA']), await read('EdDSA'), await read()]
console.log(`oauth4webapi signs a client assertion:             ${seen[0]}
jose reads the first, algorithms: ['EdDSA']:       ${seen[1]}
jose reads the first, the key has alg EdDSA:       ${seen[2]}
jose reads the first, the key has no alg:          ${seen[3]}`)
const payload = Buffer.from(token.split('.')[1], 'base64url')
const renamed = await new CompactSign(payload).setProtectedHeader({ alg: 'EdDSA' }).sign(privateKey)
writeFileSync('tokens.json', JSON.stringify({ key: { kty, crv, x }, token, renamed }))
process.exit(seen.join() === 'Ed25519,refused,no key,verified' ? 0 : 1)
JS

cat >check.py <<'PY'
import json

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

tokens = json.load(open("tokens.json"))
public = jwt.algorithms.OKPAlgorithm.from_jwk(tokens["key"])


def read(token, name):
    try:
        jwt.decode(token, public, algorithms=[name], options={"verify_aud": False})
        return "verified"
    except jwt.InvalidAlgorithmError:
        return "refused"


def sign(name):
    try:
        return jwt.get_unverified_header(jwt.encode({}, Ed25519PrivateKey.generate(), algorithm=name))["alg"]
    except NotImplementedError:
        return "can't sign as " + name


seen = [sign("EdDSA"), sign("Ed25519"), read(tokens["token"], "EdDSA"), read(tokens["token"], "Ed25519")]
seen.append(read(tokens["renamed"], "EdDSA"))
print(f"PyJWT signs:                                       {seen[0]}, and {seen[1]}")
print(f"PyJWT reads the first, by either name:             {seen[2]}, {seen[3]}")
print(f"PyJWT reads it when its header says EdDSA:         {seen[4]}")
raise SystemExit(seen != ["EdDSA", "can't sign as Ed25519", "refused", "refused", "verified"])
PY
node check.mjs
python/bin/python check.py
