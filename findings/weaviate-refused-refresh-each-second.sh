#!/usr/bin/env bash
# Weaviate's Python client: when the token service refuses its refresh token for good, it sends the same token again every second, for as
# long as the program runs. Nothing is raised: the program gets a warning, which Python shows once.
#
# Seen with weaviate-client 4.24.1, a token that is refreshed after a second, and 400 invalid_grant (RFC 6749 §5.2) to each refresh:
#   in six seconds: 6 refreshes with the refresh token that was refused
#   the program:    goes on, is_connected() is True, and 1 warning says that the token service could not be reached
#
# A good engineer would end the refresh at `invalid_grant`, which says that the token is revoked or expired, and raise it at the next
# request. Here each program whose user signed out, or was disabled, sends 86,400 refused requests a day, and the requests for data
# are answered with 401 as if the program had a wrong key. A new secret of a client that has no refresh token is missed in the same way.
# End the program, or close() the client, when a request is answered with 401.
#
# Runs in a folder of its own, with packages of PyPI. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet --disable-pip-version-check weaviate-client==4.24.1
cat >"$folder/check.py" <<'PY'
import json
import threading
import time
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

warnings.filterwarnings("ignore", category=DeprecationWarning)
import weaviate
from weaviate.classes.init import Auth

refreshes = []


class Servers(BaseHTTPRequestHandler):
    """The token service and Weaviate's REST API in one."""

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/v1/.well-known/openid-configuration":
            self.answer(200, {"href": f"{base}/discovery", "clientId": "program", "scopes": ["openid"]})
        elif self.path == "/discovery":
            self.answer(200, {"issuer": base, "token_endpoint": f"{base}/token", "grant_types_supported": ["refresh_token"]})
        else:
            self.answer(200, {"hostname": base, "version": "1.34.0", "modules": {}})

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        refreshes.append(form.get("refresh_token"))
        self.answer(400, {"error": "invalid_grant", "error_description": "The refresh token was revoked."})


server = ThreadingHTTPServer(("127.0.0.1", 0), Servers)
port = server.server_address[1]
base = f"http://127.0.0.1:{port}"
threading.Thread(target=server.serve_forever, daemon=True).start()

shown = []
warnings.showwarning = lambda message, *_, **__: shown.append(str(message))
client = weaviate.connect_to_custom(
    http_host="127.0.0.1", http_port=port, http_secure=False,
    grpc_host="127.0.0.1", grpc_port=port + 1, grpc_secure=False,
    # Thirty seconds before it expires a token is refreshed.
    auth_credentials=Auth.bearer_token("an-access-token", expires_in=31, refresh_token="the-refresh-token"),
    skip_init_checks=True,
)
shown.clear()
time.sleep(6.5)
seen, connected = list(refreshes), client.is_connected()
print(f"weaviate-client {weaviate.__version__}")
print(f"in six seconds: {len(seen)} refreshes with the refresh token that was refused")
print(f"the program:    goes on, is_connected() is {connected}, and {len(shown)} warning says: {shown[0].split(' for ')[0]}")
client.close()
is_so = 5 <= len(seen) <= 7 and all(token == ["the-refresh-token"] for token in seen)
raise SystemExit(0 if is_so and connected and len(shown) == 1 and "Could not reach token issuer" in shown[0] else 1)
PY
"$folder/python/bin/python" "$folder/check.py"
