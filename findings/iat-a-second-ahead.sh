#!/usr/bin/env bash
# A token whose `iat` lies a second ahead is good in Node's libraries and refused by Python's.
#
# Seen with the same RS256 token, issued one to two seconds from now, and no leeway set:
#   jose 6.2.18, jsonwebtoken 9.0.3, fast-jwt 6.3.6, python-jose 3.5.0:  accepted
#   PyJWT 2.15.1:                                                        ImmatureSignatureError: The token is not yet valid (iat)
#   joserfc 1.8.0, with its claims registry:                             InvalidClaimError: The token was issued in the future
#
# RFC 7519 §4.1.6 says that `iat` can be used to determine the age of a token, and nothing of refusing one; `nbf` is for that. A good
# engineer would guess that a token without `nbf` is good from the moment on that it was made. Where the clock of a resource is slow
# by a second, who verifies with PyJWT or joserfc refuses each token in its first second, and takes it at the next try: so give both
# a few seconds of leeway.
#
# Runs in a folder of its own, with packages of the npm and PyPI registries. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund jose@6.2.18 jsonwebtoken@9.0.3 fast-jwt@6.3.6
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'PyJWT[crypto]==2.15.1' joserfc==1.8.0 'python-jose[cryptography]==3.5.0'

cat >check.mjs <<'JS'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { createVerifier } from 'fast-jwt'
import { jwtVerify, SignJWT } from 'jose'
import jsonwebtoken from 'jsonwebtoken'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = publicKey.export({ type: 'spki', format: 'pem' })
const make = ahead => {
  const iat = Math.floor(Date.now() / 1000) + ahead
  return new SignJWT({ sub: 'somebody' }).setProtectedHeader({ alg: 'RS256' }).setIssuedAt(iat).setExpirationTime(iat + 600).sign(privateKey)
}

const node = {
  jose: token => jwtVerify(token, publicKey),
  jsonwebtoken: token => jsonwebtoken.verify(token, pem, { algorithms: ['RS256'] }),
  'fast-jwt': token => createVerifier({ key: pem, algorithms: ['RS256'] })(token),
}
const seen = {}
for (const [name, verify] of Object.entries(node)) {
  try {
    await verify(await make(2))
    seen[name] = 'accepted'
  } catch (error) {
    seen[name] = error.message
  }
}
for (const name of ['PyJWT', 'joserfc', 'python-jose']) {
  // Further ahead, as the interpreter takes its time to start; and one of now is looked at first.
  seen[name] = execFileSync('venv/bin/python', ['check.py', name, await make(0), await make(30), pem]).toString().trim()
}
for (const [name, said] of Object.entries(seen)) console.log(`${name}: ${said}`)
const accepted = ['jose', 'jsonwebtoken', 'fast-jwt', 'python-jose'].every(name => seen[name] === 'accepted')
process.exit(accepted && /^Immature/.test(seen.PyJWT) && /issued in the future/.test(seen.joserfc) ? 0 : 1)
JS
cat >check.py <<'PY'
import sys

import jwt
from joserfc import jwt as joserfc
from joserfc.jwk import RSAKey
from jose import jwt as python_jose

name, now, ahead, pem = sys.argv[1:]


def verify(token):
    if name == "PyJWT":
        jwt.decode(token, pem, algorithms=["RS256"])
    elif name == "joserfc":
        joserfc.JWTClaimsRegistry().validate(joserfc.decode(token, RSAKey.import_key(pem)).claims)
    else:
        python_jose.decode(token, pem, algorithms=["RS256"])


verify(now)
try:
    verify(ahead)
    print("accepted")
except Exception as error:
    print(f"{type(error).__name__}: {error}")
PY
node check.mjs
