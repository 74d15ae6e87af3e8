#!/usr/bin/env bash
# Authlib: a client assertion with one claim of the caller's has the same `jti` for ever.
#
# Seen with Authlib 1.9.10, PrivateKeyJWT, three requests for a token by one session:
#   without claims:  3 jti
#   with claims:     1 jti
#
# `claims` is documented as "extra JWT claims", and the usual one is {"aud": …}, for servers that want their issuer there. A good
# engineer would guess that they are added to those of each assertion, and the `jti` is new as without them. The library puts the
# `jti` into the dictionary that it was given, which is that of the session, and at the next request finds it there. A server that takes
# a `jti` once, as OpenID Connect Core 1.0 §9 wants of clients, gives the first token and refuses all after it, until the process
# starts again. For the audience alone, PrivateKeyJWT(issuer) does it: its argument is called token_endpoint, and is the audience.
#
# Runs in a folder of its own, with packages of PyPI. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check Authlib==1.9.10 joserfc==1.8.0 requests==2.34.2
cat >check.py <<'PY'
import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import RSAKey

seen = []


class TokenEndpoint(BaseHTTPRequestHandler):
    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        claims = form["client_assertion"][0].split(".")[1]
        seen.append(json.loads(base64.urlsafe_b64decode(claims + "=="))["jti"])
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"access_token":"a","token_type":"Bearer","expires_in":600}')

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), TokenEndpoint)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/token"
key = RSAKey.generate_key(2048).as_pem(private=True)


def different(method):
    seen.clear()
    session = OAuth2Session("client", key, token_endpoint_auth_method="private_key_jwt")
    session.trust_env = False
    session.register_client_auth_method(method)
    for _ in range(3):
        session.fetch_token(url, grant_type="client_credentials")
    return len(set(seen))


without, with_claims = different(PrivateKeyJWT()), different(PrivateKeyJWT(claims={"aud": "https://issuer.example.com"}))
print(f"without claims:  {without} jti\nwith claims:     {with_claims} jti")
raise SystemExit((without, with_claims) != (3, 1))
PY
python/bin/python check.py
