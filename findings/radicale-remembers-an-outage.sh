#!/usr/bin/env bash
# Radicale, auth type oauth2: one slow refusal makes every later refusal as slow, until a restart. And an outage of the token service is
# a wrong password, which the cache of sign-ins keeps for 90 s.
#
# Seen with Radicale 3.9.0, `delay = 0`, and a token service that once answers 503 after 5 s, and otherwise at once:
#   wrong password:                         401 at once, asked 1 time
#   right password, 503 after 5 s:          401 after 5 s, asked 1 time
#   right password, afterwards:             207 at once, asked 1 time
#   another wrong password, afterwards:     401 after 5 s, asked 1 time
#   with cache_logins, right, 503:          401 at once, asked 1 time
#   with cache_logins, right, afterwards:   401 at once, asked 0 times
#   when the entry has expired:             207 at once, asked 1 time
#
# So that nobody can tell by the time how a password is wrong, Radicale lets each refusal last as long as the longest one that there was,
# and never forgets that one. A good engineer would guess that the time of a refusal is that of the check and `delay`; a time-out of the
# network, which Radicale leaves to the system, is enough for minutes, and each waiting refusal holds one of the eight connections of
# `max_connections`. Every status but 200 is a wrong password, 429 and 503 too, so calendar programs ask for a new one; and
# `cache_logins`, which one wants as each request is a sign-in otherwise, keeps the refusal beyond the outage. Set
# `cache_failed_logins_expiry` to a few seconds, put a proxy with a short time-out before the token service, and restart Radicale.
#
# Runs in a folder of its own, with packages of the PyPI registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check radicale==3.9.0 requests==2.34.2
read -r service plain cached <<<"$(python3 -c 'import socket
sockets = [socket.socket() for _ in range(3)]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))')"
for port in "$plain" "$cached"; do
  cat >"$port.conf" <<CONF
[server]
hosts = 127.0.0.1:$port
[auth]
type = oauth2
oauth2_token_endpoint = http://127.0.0.1:$service/token
oauth2_client_id = radicale
delay = 0
[storage]
filesystem_folder = $folder/$port
CONF
done
sed -i 's/^delay.*/&\ncache_logins = True\ncache_failed_logins_expiry = 5/' "$cached.conf"
venv/bin/radicale -C "$plain.conf" 2>plain.log &
venv/bin/radicale -C "$cached.conf" 2>cached.log &
cat >check.py <<'PY'
import base64
import http.server
import socket
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

service, plain, cached = map(int, sys.argv[1:])
answer_after = None
questions = []


class Tokens(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["content-length"])).decode()))
        questions.append(form["grant_type"])
        if answer_after is not None:
            time.sleep(answer_after)
            return self.answer(503, b'{"error":"temporarily_unavailable"}')
        good = form["password"] == "right"
        self.answer(200 if good else 400, b'{"access_token":"a","token_type":"Bearer"}' if good else b'{"error":"invalid_grant"}')

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


threading.Thread(target=http.server.ThreadingHTTPServer(("127.0.0.1", service), Tokens).serve_forever, daemon=True).start()
for port in plain, cached:
    for _ in range(300):
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)


def ask(port, password):
    """The status, how long it took, and how often the service was asked."""
    authorization = "Basic " + base64.b64encode(f"alice:{password}".encode()).decode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/alice/", method="PROPFIND", headers={"authorization": authorization, "depth": "0"})
    before, start = len(questions), time.monotonic()
    try:
        status = urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        status = error.code
    return status, "after 5 s" if time.monotonic() - start >= 5 else "at once", len(questions) - before


results = [("wrong password:", ask(plain, "wrong"), (401, "at once", 1))]
answer_after = 5
results.append(("right password, 503 after 5 s:", ask(plain, "right"), (401, "after 5 s", 1)))
answer_after = None
results.append(("right password, afterwards:", ask(plain, "right"), (207, "at once", 1)))
results.append(("another wrong password, afterwards:", ask(plain, "other"), (401, "after 5 s", 1)))
answer_after = 0
results.append(("with cache_logins, right, 503:", ask(cached, "right"), (401, "at once", 1)))
answer_after = None
results.append(("with cache_logins, right, afterwards:", ask(cached, "right"), (401, "at once", 0)))
time.sleep(7)
results.append(("when the entry has expired:", ask(cached, "right"), (207, "at once", 1)))
for name, (status, took, asked), _ in results:
    print(f"{name:<38} {status} {took}, asked {asked} time{'' if asked == 1 else 's'}")
sys.exit(any(seen != expected for _, seen, expected in results))
PY
venv/bin/python check.py "$service" "$plain" "$cached"
