#!/usr/bin/env bash
# Authlib's validator for RFC 9068 refuses an access token whose `roles`, `groups` or `entitlements` is an empty array.
#
# Seen with Authlib 1.9.10, joserfc 1.8.0 and the same RS256 token in all but one claim:
#   without `roles`:          accepted
#   "roles": ["editor"]:      accepted
#   "roles": []:              invalid_claim: Invalid claim: 'roles'
#   "groups": []:             invalid_claim: Invalid claim: 'groups'
#   "entitlements": []:       invalid_claim: Invalid claim: 'entitlements'
#
# RFC 9068 §2.2.3.1 takes these attributes from SCIM (RFC 7643), where an empty array is a value like any other: somebody who has none.
# The validator gives joserfc a check for each of the three, and joserfc takes a claim that is there and empty for a missing one
# before it asks that. A good engineer would guess that a person without roles gets 403 where a role is needed; it is 401 everywhere.
# `claims.options["roles"]["allow_blank"] = True`, on what `authenticate_token` returns, mends it.
#
# Runs in a folder of its own, with packages of the PyPI registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check Authlib==1.9.10 joserfc==1.8.0

cat >check.py <<'PY'
import time

from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

ISSUER, API = "https://login.example.com", "https://api.example.com"
key = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256", "use": "sig"})
public = KeySet.import_key_set({"keys": [key.as_dict(private=False)]})


class Tokens(JWTBearerTokenValidator):
    def get_jwks(self):
        return public


def verdict(**more):
    now = int(time.time()) - 5
    claims = {"iss": ISSUER, "aud": API, "sub": "user_1", "client_id": "app", "iat": now, "exp": now + 600, "jti": "1", "scope": "read"}
    token = jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": "one"}, {**claims, **more}, key)
    validator = Tokens(issuer=ISSUER, resource_server=API)
    try:
        validator.validate_token(validator.authenticate_token(token), ["read"], None)
        return "accepted"
    except Exception as error:
        return str(error.__context__ or error)


print("none:", verdict())
print("one:", verdict(roles=["editor"]))
for name in ("roles", "groups", "entitlements"):
    print(f"{name}:", verdict(**{name: []}))
PY
seen=$(venv/bin/python check.py)
echo "$seen"
expected="none: accepted
one: accepted
roles: invalid_claim: Invalid claim: 'roles'
groups: invalid_claim: Invalid claim: 'groups'
entitlements: invalid_claim: Invalid claim: 'entitlements'"
[ "$seen" = "$expected" ]
