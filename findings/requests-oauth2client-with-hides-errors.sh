#!/usr/bin/env bash
# requests_oauth2client: `with OAuth2Client(…) as client:` hides each error that is raised in it, also that of a wrong password.
#
# Seen with requests_oauth2client 1.8.0, and a token endpoint that answers 400 invalid_grant:
#   without `with`:        InvalidGrant
#   in `with`:             no error, the rest of the block is left out, and the program goes on behind it
#   in `with`, 1 / 0:      the same
#   in `with`, no error:   no error, the block is run to its end
#   ApiClient, 1 / 0:      ZeroDivisionError
#
# The method that Python calls at the end of the block returns True, which tells it that the error has been dealt with. That of the
# library's other class, ApiClient, returns nothing. A good engineer would guess that `with` is the tidy way to use an object that has
# it, all the more as it also fetches the keys; and that a refusal raises, as the manual says. What comes after the block works with a
# token of before, or with a name that doesn't exist, and a test that has its assertions in the block passes always. Don't use it in
# `with`, and call `update_authorization_server_public_keys` yourself where the keys are needed.
#
# Runs in a folder of its own, with packages of the PyPI registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check requests_oauth2client==1.8.0
cat >check.py <<'PY'
import http.server
import sys
import threading

from requests_oauth2client import ApiClient, OAuth2Client


class Service(http.server.BaseHTTPRequestHandler):
    """Has no keys, and refuses each password."""

    def do_GET(self):
        self.answer(200, b'{"keys":[]}')

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.answer(400, b'{"error":"invalid_grant"}')

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
client = OAuth2Client(f"{url}/token", jwks_uri=f"{url}/keys", client_id="app", client_secret="secret", testing=True)


def seen(what):
    try:
        return what()
    except Exception as error:
        return type(error).__name__


def block(context, what):
    reached = "behind the block"
    with context:
        what()
        reached = "the end of the block"
    return f"no error, {reached}"


def sign_in():
    client.resource_owner_password("alice", "wrong")


results = [
    ("without `with`:", seen(sign_in), "InvalidGrant"),
    ("in `with`:", seen(lambda: block(client, sign_in)), "no error, behind the block"),
    ("in `with`, 1 / 0:", seen(lambda: block(client, lambda: 1 / 0)), "no error, behind the block"),
    ("in `with`, no error:", seen(lambda: block(client, lambda: 1)), "no error, the end of the block"),
    ("ApiClient, 1 / 0:", seen(lambda: block(ApiClient(url), lambda: 1 / 0)), "ZeroDivisionError"),
]
for name, result, _ in results:
    print(f"{name:<22} {result}")
sys.exit(any(result != expected for _, result, expected in results))
PY
venv/bin/python check.py
