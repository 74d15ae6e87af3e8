#!/usr/bin/env bash
# A SPIFFE bundle is a JWK Set, and JOSE libraries find no key for signatures in it; the same keys from the Workload API verify. The
# other way round, what reads bundles finds no key in those, and says nothing.
#
# Seen with go-spiffe 2.9.0, which writes the key of one JWT-SVID in both forms, jose 6.2.18, jwks-rsa 4.1.0, PyJWT 2.15.1 and joserfc 1.8.0:
#                       as the bundle endpoint has it    as the Workload API has it
#   use                 jwt-svid                         (absent)
#   jose                no key                           verified
#   jwks-rsa            no key                           verified
#   PyJWKClient         no key                           verified
#   joserfc             no set                           verified
#   go-spiffe's bundle  verified                         no key
#
# The SPIFFE Trust Domain and Bundle specification calls a bundle "an RFC 7517 compliant JWK Set", and its keys have a `use` of their own
# (§4.2.2); RFC 7517 §4.2 lets it be any. A good engineer would guess that jwksUri may be a bundle endpoint, the more so since it works
# with the bundle that the agent gives. Who reads the endpoint takes the keys with `use` jwt-svid, and only those: the others sign
# certificates. Who has a JOSE library alone names SPIRE's OIDC discovery provider.
#
# Runs in a folder of its own, with modules of the Go proxy and packages of PyPI and the npm registry. Needs Go 1.26. Exit code 0: it is
# still so.
set -euo pipefail
go=$(command -v go || echo /usr/local/go/bin/go)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check PyJWT==2.15.1 joserfc==1.8.0 cryptography==50.0.2
npm init -y >/dev/null
npm install --silent --no-audit --no-fund jose@6.2.18 jwks-rsa@4.1.0

cat >main.go <<'GO'
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"os"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/spiffe/go-spiffe/v2/bundle/jwtbundle"
	"github.com/spiffe/go-spiffe/v2/bundle/spiffebundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/jwtsvid"
)

func good[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	domain := spiffeid.RequireTrustDomainFromString("example.org")
	key := good(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	signing := jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "one"}}
	claims := jwt.Claims{
		Subject: "spiffe://example.org/worker", Audience: jwt.Audience{"service"},
		IssuedAt: jwt.NewNumericDate(time.Now()), Expiry: jwt.NewNumericDate(time.Now().Add(5 * time.Minute)),
	}
	token := good(jwt.Signed(good(jose.NewSigner(signing, nil))).Claims(claims).Serialize())

	ofWorkloadAPI := jwtbundle.New(domain)
	_ = ofWorkloadAPI.AddJWTAuthority("one", key.Public())
	ofEndpoint := spiffebundle.FromJWTBundle(ofWorkloadAPI)
	ofEndpoint.SetSequenceNumber(1)
	sets := []json.RawMessage{good(ofEndpoint.Marshal()), good(ofWorkloadAPI.Marshal())}

	seen := []string{}
	for _, set := range sets {
		_, err := jwtsvid.ParseAndValidate(token, good(spiffebundle.Parse(domain, set)), []string{"service"})
		seen = append(seen, map[bool]string{true: "verified", false: "no key"}[err == nil])
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"token": token, "sets": sets, "seen": seen})
}
GO
export GOFLAGS=-mod=mod
{ "$go" mod init check && "$go" get github.com/spiffe/go-spiffe/v2@v2.9.0; } 2>/dev/null
"$go" run . >made.json 2>/dev/null

cat >check.py <<'PY'
import json

import jwt
from joserfc import jwk
from joserfc import jwt as joserfc_jwt
from joserfc.errors import KeyParameterError

made = json.load(open("made.json"))


def pyjwt(document):
    client = jwt.PyJWKClient("https://spire.example.org/")
    client.fetch_data = lambda: document
    try:
        key = client.get_signing_key_from_jwt(made["token"])
    except jwt.PyJWKClientError:
        return "no key"
    return "verified" if jwt.decode(made["token"], key, algorithms=["ES256"], audience="service") else None


def joserfc(document):
    try:
        keys = jwk.KeySet.import_key_set(document)
    except KeyParameterError:
        return "no set"
    return "verified" if joserfc_jwt.decode(made["token"], keys, algorithms=["ES256"]) else None


print(json.dumps([[read(document) for document in made["sets"]] for read in (pyjwt, joserfc)]))
PY
python/bin/python check.py >python.json

cat >check.mjs <<'JS'
import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createLocalJWKSet, jwtVerify } from 'jose'
import jwksRsa from 'jwks-rsa'

const read = name => JSON.parse(readFileSync(name, 'utf8'))
const { token, sets, seen } = read('made.json')

const jose = set =>
  jwtVerify(token, createLocalJWKSet(set), { audience: 'service' }).then(
    () => 'verified',
    ({ code }) => (code === 'ERR_JWKS_NO_MATCHING_KEY' ? 'no key' : code),
  )
const rsa = async set => {
  const client = jwksRsa({ jwksUri: 'https://spire.example.org/', fetcher: async () => set })
  const key = await client.getSigningKey('one').catch(({ message }) => message)
  if (typeof key === 'string') return key === 'The JWKS endpoint did not contain any signing keys' ? 'no key' : key
  return jwtVerify(token, createPublicKey(key.getPublicKey()), { audience: 'service' }).then(() => 'verified')
}
const [pyjwt, joserfc] = read('python.json')
const all = {
  use: sets.map(({ keys }) => keys[0].use ?? '(absent)'),
  jose: await Promise.all(sets.map(jose)),
  'jwks-rsa': await Promise.all(sets.map(rsa)),
  PyJWKClient: pyjwt,
  joserfc,
  "go-spiffe's bundle": seen,
}
console.log(`${''.padEnd(20)}as the bundle endpoint has it    as the Workload API has it`)
for (const [name, [one, other]] of Object.entries(all)) console.log(`${name.padEnd(20)}${one.padEnd(33)}${other}`)
const libraries = 'no key,verified,no key,verified,no key,verified,no set,verified'
process.exit(Object.values(all).join() === `jwt-svid,(absent),${libraries},verified,no key` ? 0 : 1)
JS
node check.mjs
