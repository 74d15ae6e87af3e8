#!/usr/bin/env bash
# Gravitino's client for Python reads the access token's `exp` by itself, as plain base64 and as a whole number. A token that it can't
# read so, or that is no JWT, makes every request fail before it is sent. `expires_in` of the answer is not used.
#
# Seen with apache-gravitino 1.3.1, client credentials, and tokens that expire in ten minutes:
#   for https://api.example.com:           sent
#   for https://api.example.com/~alice:    not sent: Error: Incorrect padding
#   for https://api.example.com/?tenant=1: not sent: Error: Incorrect padding
#   exp with a fraction:                   not sent: AttributeError: 'NoneType' object has no attribute 'decode'
#   not a JWT:                             not sent: AttributeError: 'NoneType' object has no attribute 'decode'
#   exp in three seconds:                  sent, without a new one
#
# A JWT is base64url, which has - and _ where base64 has + and /. They appear where a claim has ~, ? or >, or some letters beyond ASCII,
# at one place in three: the same service may give one client a token that works and another one that does not. Python's decoder leaves
# them out without an error, and fails at what remains. RFC 7519 §2 allows fractions in `exp`, and RFC 6749 §1.4 says that a token is
# usually opaque to the client. A good engineer would guess that a client goes by `expires_in`, and that the error names the token. There
# is no leeway: a token is sent until it expires, so that a clock that is behind, or a slow request, makes it a 401.
#
# Give its tokens audiences, scopes and names of plain letters, digits, / and :, or write an AuthDataProvider of your own.
#
# Runs in a folder of its own, with packages of PyPI. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check apache-gravitino==1.3.1
cat >check.py <<'PY'
import base64
import json
import threading
import time
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

warnings.simplefilter("ignore")
from gravitino import GravitinoAdminClient
from gravitino.auth.default_oauth2_token_provider import DefaultOAuth2TokenProvider

token, tokens, sent = "", 0, []


def part(claims):
    return base64.urlsafe_b64encode(json.dumps(claims, ensure_ascii=False).encode()).rstrip(b"=").decode()


def jwt(audience="https://api.example.com", seconds=600):
    """A token for this audience. A longer `sub` moves the audience on, until its bytes are at a place that - and _ stand for."""
    for letters in "abc", "abcd", "abcde":
        payload = part({"sub": letters, "aud": audience, "exp": int(time.time()) + seconds})
        if "-" in payload or "_" in payload:
            break
    return f"{part({'alg': 'RS256', 'typ': 'at+jwt'})}.{payload}.c2lnbmF0dXJl"


class Servers(BaseHTTPRequestHandler):
    """The token service and Gravitino in one."""

    def log_message(self, *_):
        pass

    def answer(self, body):
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        sent.append(self.headers["Authorization"])
        version = {"version": "1.3.1", "compileDate": "today", "gitCommit": "none"}
        self.answer({"code": 0, "version": version, "metalakes": []})

    def do_POST(self):
        global tokens
        self.rfile.read(int(self.headers["Content-Length"]))
        tokens += 1
        self.answer({"access_token": token, "token_type": "Bearer", "expires_in": 600})


server = ThreadingHTTPServer(("127.0.0.1", 0), Servers)
base = f"http://127.0.0.1:{server.server_address[1]}"
threading.Thread(target=server.serve_forever, daemon=True).start()


def what_happens(of_the_service):
    global token, tokens
    token, tokens = of_the_service, 0
    sent.clear()
    provider = DefaultOAuth2TokenProvider(uri=base, credential="client:secret", scope="read", path="/token")
    try:
        GravitinoAdminClient(uri=base, auth_data_provider=provider).list_metalakes()
    except Exception as error:
        return f"{'sent' if sent else 'not sent'}: {type(error).__name__}: {error}"
    return "sent" if set(sent) == {f"Bearer {token}"} and tokens == 1 else f"{tokens} tokens, {sent}"


for audience in "", "/~alice", "/?tenant=1":
    audience = f"https://api.example.com{audience}"
    print(f"{f'for {audience}:':<39}{what_happens(jwt(audience))}")
header, _, signature = jwt().split(".")
print(f"{'exp with a fraction:':<39}{what_happens(f'{header}.{part(dict(exp=time.time() + 600.5))}.{signature}')}")
print(f"{'not a JWT:':<39}{what_happens('an-opaque-token')}")
print(f"{'exp in three seconds:':<39}{what_happens(jwt(seconds=3))}, without a new one")
PY
venv/bin/python check.py | tee seen
diff - seen <<'SEEN'
for https://api.example.com:           sent
for https://api.example.com/~alice:    not sent: Error: Incorrect padding
for https://api.example.com/?tenant=1: not sent: Error: Incorrect padding
exp with a fraction:                   not sent: AttributeError: 'NoneType' object has no attribute 'decode'
not a JWT:                             not sent: AttributeError: 'NoneType' object has no attribute 'decode'
exp in three seconds:                  sent, without a new one
SEEN
