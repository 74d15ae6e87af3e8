#!/usr/bin/env bash
# httpx-auth: in an AsyncClient the whole event loop stands still while it asks for a token, and its time-outs with it. In threads each
# one asks in turn, and where there is a refresh token all but the first sign in by password instead.
#
# Seen with httpx-auth 0.23.1, httpx 0.28.1 and a token service that takes a second for each answer:
#   AsyncClient, a task that ticks each 10 ms:        stands still for 1 s
#   AsyncClient, wait_for and time-out of 0.3 s:      ended after 1 s
#   4 threads, no token yet:                          4 requests for tokens, one after the other
#   4 threads, expired, and a refresh token:          1 refresh_token, 3 password
#   early_expiry=0, a token for 20 s, 3 requests:     3 requests for tokens
#   early_expiry=0.001, a token for 20 s, 3 requests: 1 request for tokens
#
# A good engineer would guess that what is passed to AsyncClient as `auth` works without blocking, and that one thread asks for a token
# while the others wait for that one. Its request is one of a blocking client, with a time-out of 60 s of its own: while the token service
# is slow, a server stops answering all its callers, its health check included. The first thread that finds the token expired takes it,
# and the refresh token, out of the cache; the others then find nothing and sign in anew, each for a session of its own. Zero, with which
# the documentation turns the early expiry off, is taken for the default of 30 s. Fetch the token yourself, behind a lock of asyncio's or
# threading's, and set the header.
#
# Runs in a folder of its own, with packages of PyPI. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check httpx-auth==0.23.1 httpx==0.28.1
cat >check.py <<'PY'
import asyncio
import http.server
import json
import threading
import time
import urllib.parse

import httpx
from httpx_auth import OAuth2, OAuth2ClientCredentials, OAuth2ResourceOwnerPasswordCredentials

grants = []
takes, lives, refresh = 1, 600, False


class Servers(http.server.BaseHTTPRequestHandler):
    """The token service and the API in one."""

    def log_message(self, *_):
        pass

    def answer(self, body):
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.answer({})

    def do_POST(self):
        grants.append(urllib.parse.parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())["grant_type"][0])
        time.sleep(takes)
        number = len(grants)
        more = {"refresh_token": f"refresh-{number}"} if refresh else {}
        self.answer({"access_token": f"token-{number}", "token_type": "Bearer", "expires_in": lives, **more})


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Servers)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
lines = []


def machine(**options):
    OAuth2.token_cache.clear()
    grants.clear()
    return OAuth2ClientCredentials(f"{url}/token", "app", "secret", **options)


def asked():
    return f"{len(grants)} request{'s' * (len(grants) > 1)} for tokens"


def show(name, result):
    lines.append(f"{name + ':':<49} {result}")
    print(lines[-1])


async def ticking():
    longest, last = 0, time.monotonic()

    async def tick():
        nonlocal longest, last
        while True:
            await asyncio.sleep(0.01)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()

    task = asyncio.create_task(tick())
    async with httpx.AsyncClient(auth=machine()) as client:
        await client.get(f"{url}/api")
        await asyncio.sleep(0.05)
    task.cancel()
    return f"stands still for {int(longest)} s"


async def limited():
    async with httpx.AsyncClient(auth=machine(), timeout=0.3) as client:
        start = time.monotonic()
        try:
            await asyncio.wait_for(client.get(f"{url}/api"), 0.3)
        except TimeoutError:
            pass
        return f"ended after {int(time.monotonic() - start)} s"


def at_once(client):
    start = time.monotonic()
    threads = [threading.Thread(target=client.get, args=(f"{url}/api",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - start


show("AsyncClient, a task that ticks each 10 ms", asyncio.run(ticking()))
show("AsyncClient, wait_for and time-out of 0.3 s", asyncio.run(limited()))
client = httpx.Client(auth=machine(), timeout=10)
seconds = at_once(client)
show("4 threads, no token yet", asked() + (", one after the other" if seconds > 3.9 else ""))

# A token is taken for expired 30 s before it is.
lives, refresh = 31, True
machine()
person = OAuth2ResourceOwnerPasswordCredentials(f"{url}/token", "alice", "a-password", client_auth=("app", "secret"))
client = httpx.Client(auth=person, timeout=10)
client.get(f"{url}/api")
time.sleep(1.5)
lives = 600
at_once(client)
show("4 threads, expired, and a refresh token", ", ".join(f"{grants[1:].count(grant)} {grant}" for grant in ("refresh_token", "password")))

takes, lives, refresh = 0, 20, False
for early in 0, 0.001:
    client = httpx.Client(auth=machine(early_expiry=early))
    for _ in range(3):
        client.get(f"{url}/api")
    show(f"early_expiry={early}, a token for 20 s, 3 requests", asked())
expected = """\
AsyncClient, a task that ticks each 10 ms:        stands still for 1 s
AsyncClient, wait_for and time-out of 0.3 s:      ended after 1 s
4 threads, no token yet:                          4 requests for tokens, one after the other
4 threads, expired, and a refresh token:          1 refresh_token, 3 password
early_expiry=0, a token for 20 s, 3 requests:     3 requests for tokens
early_expiry=0.001, a token for 20 s, 3 requests: 1 request for tokens"""
raise SystemExit("\n".join(lines) != expected)
PY
venv/bin/python check.py
