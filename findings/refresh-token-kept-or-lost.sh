#!/usr/bin/env bash
# A refresh may bring a new refresh token or none, and four clients are made for one of the two: nodemailer and OfflineIMAP send the first
# one for ever, and oauth2-client and requests_oauth2client lose it when the answer has none.
#
# Seen with nodemailer 10.6.1, OfflineIMAP 8.0.3, getmail6 6.20.2, oauth2-client 1.4.2, requests_oauth2client 1.8.0 and Authlib 1.9.10,
# the refresh tokens that were sent by two refreshes, and what came of each:
#   the service replaces the refresh token, and refuses the old one from then on:
#     nodemailer:             refresh-1 refresh-1   signed in, invalid_grant
#     OfflineIMAP, two runs:  refresh-1 refresh-1   0, 1
#     getmail6, two runs:     refresh-1 refresh-2   0, 0
#   the service leaves it as it is, and its answer has none:
#     oauth2-client:          refresh-1             200, 401
#     requests_oauth2client:  refresh-1             200, ExpiredAccessToken
#     Authlib:                refresh-1 refresh-1   200, 200
#
# RFC 6749 §6: a new one MAY come, the client then MUST discard the old one, and keeps it otherwise. A good engineer would guess that a
# library with an option for the refresh token does so. Nobody notices with Google, which sends none, or with Microsoft, where the old
# one goes on working for months. A service that takes a second use for a theft signs the person out, and it looks as if the service
# had forgotten the session. The event `token` of nodemailer doesn't have the new one either. Ask for tokens outside: by
# `provisionCallback` of nodemailer, or `oauth2_access_token_eval` of OfflineIMAP, which 8.0.3 runs at each sign-in. With the other two,
# put the refresh token back: `manager.refresh_token`, or a new `BearerToken`.
#
# Runs in a folder of its own, with packages of the npm and PyPI registries. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund nodemailer@10.6.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check offlineimap==8.0.3 getmail6==6.20.2 oauth2-client==1.4.2 requests_oauth2client==1.8.0 \
  Authlib==1.9.10

cat >mail.mjs <<'JS'
import { setTimeout } from 'node:timers/promises'
import nodemailer from 'nodemailer'

const [port, accessUrl] = process.argv.slice(2)
const auth = { type: 'OAuth2', user: 'alice', clientId: 'app', clientSecret: 'secret', refreshToken: 'refresh-1', accessUrl }
const transport = nodemailer.createTransport({ host: '127.0.0.1', port, ignoreTLS: true, auth })
const first = await transport.verify().then(() => 'signed in', error => error.message)
await setTimeout(1_200)
const second = await transport.verify().then(() => 'signed in', error => error.message)
console.log(`${first}, ${second}`)
JS
cat >check.py <<'PY'
import http.server
import json
import os
import socketserver
import subprocess
import sys
import threading
import time
import urllib.parse
import warnings

warnings.simplefilter("ignore")
sent, number = {}, {}


class Tokens(http.server.BaseHTTPRequestHandler):
    """Each path is a service of its own. Those that begin with /replaces/ take each refresh token once."""

    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["content-length"])).decode()))
        made = number[self.path] = number.get(self.path, 0) + 1
        answer = {"access_token": f"access-{made}", "token_type": "Bearer", "expires_in": 1}
        if form["grant_type"] == "password":
            return self.answer(200, {**answer, "refresh_token": "refresh-1"})
        sent.setdefault(self.path, []).append(form["refresh_token"])
        if self.path.startswith("/replaces/"):
            if form["refresh_token"] != f"refresh-{made}":
                return self.answer(400, {"error": "invalid_grant"})
            answer["refresh_token"] = f"refresh-{made + 1}"
        self.answer(200, answer)

    def do_GET(self):
        """The API: each access token is good once."""
        token = self.headers["authorization"]
        sent_before = token in sent.setdefault(self.path, [])
        sent[self.path].append(token)
        self.answer(401 if sent_before else 200, {"error": "invalid_token"})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Mail(socketserver.StreamRequestHandler):
    def line(self, text):
        self.wfile.write(text.encode() + b"\r\n")


class Smtp(Mail):
    def handle(self):
        self.line("220 ready")
        for line in self.rfile:
            command = line.decode().upper()
            self.line("235 in" if command.startswith("AUTH") else "250 AUTH XOAUTH2" if command.startswith("EHLO") else "250 done")


class Imap(Mail):
    """One empty INBOX."""

    def handle(self):
        self.line("* OK ready")
        for line in self.rfile:
            tag, command, *rest = line.decode().split()
            if command == "AUTHENTICATE":
                self.line("+ ")
                self.rfile.readline()
            for more in {
                "CAPABILITY": ["CAPABILITY IMAP4rev1 AUTH=XOAUTH2"],
                "LIST": ['LIST () "/" INBOX' if rest[1:] == ['"*"'] else 'LIST (\\Noselect) "/" ""'],
                "EXAMINE": ["0 EXISTS", "OK [UIDVALIDITY 1]", "FLAGS ()"],
                "SELECT": ["0 EXISTS", "OK [UIDVALIDITY 1]", "FLAGS ()"],
                "UID": ["SEARCH"],
                "LOGOUT": ["BYE"],
            }.get(command, []):
                self.line(f"* {more}")
            self.line(f"{tag} OK done")


def serve(server, handler):
    server.daemon_threads = True
    running = server(("127.0.0.1", 0), handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    return running.server_address[1]


url = f"http://127.0.0.1:{serve(http.server.ThreadingHTTPServer, Tokens)}"
smtp, imap = (serve(socketserver.ThreadingTCPServer, handler) for handler in (Smtp, Imap))


def run(*words, times=1):
    results = [subprocess.run(words, capture_output=True, text=True, timeout=60) for _ in range(times)]
    return results[0].stdout.strip() if times == 1 else ", ".join(str(result.returncode) for result in results)


def nodemailer(tokens):
    return run("node", "mail.mjs", str(smtp), tokens)


def offlineimap(tokens):
    with open("offlineimaprc", "w") as file:
        print("[general]\naccounts = a\nui = basic\nmetadata = metadata\n[Account a]\nlocalrepository = here\nremoterepository = there", file=file)
        print("[Repository here]\ntype = Maildir\nlocalfolders = mail\n[Repository there]\ntype = IMAP\nremotehost = 127.0.0.1", file=file)
        print(f"remoteport = {imap}\nssl = no\nstarttls = no\nremoteuser = alice\nauth_mechanisms = XOAUTH2", file=file)
        print(f"oauth2_request_url = {tokens}\noauth2_client_id = app\noauth2_client_secret = secret", file=file)
        print("oauth2_refresh_token = refresh-1", file=file)
    return run("venv/bin/offlineimap", "-o", "-c", "offlineimaprc", times=2)


def getmail(tokens):
    with open("getmail.json", "w") as file:
        json.dump({"client_id": "app", "client_secret": "secret", "token_uri": tokens, "refresh_token": "refresh-1", "expires_at": 0}, file)
    return run("venv/bin/python", "venv/bin/getmail-gmail-xoauth-tokens", "getmail.json", times=2)


def twice(call):
    results = []
    for _ in range(2):
        time.sleep(1.2)
        try:
            results.append(str(call().status_code))
        except Exception as error:
            results.append(type(error).__name__)
    return ", ".join(results)


def oauth2_client(tokens):
    from oauth2_client.credentials_manager import CredentialManager, ServiceInformation

    manager = CredentialManager(ServiceInformation(None, tokens, "app", "secret", ["read"]))
    manager.init_with_user_credentials("alice", "password")
    manager.get(url + "/api-1")
    return twice(lambda: manager.get(url + "/api-1"))


def requests_oauth2client(tokens):
    import requests
    from requests_oauth2client import OAuth2AccessTokenAuth, OAuth2Client

    client = OAuth2Client(tokens, client_id="app", client_secret="secret", testing=True)
    auth = OAuth2AccessTokenAuth(client, client.resource_owner_password("alice", "password"), leeway=0)
    return twice(lambda: requests.get(url + "/api-2", auth=auth))


def authlib(tokens):
    from authlib.integrations.requests_client import OAuth2Session

    session = OAuth2Session("app", "secret", token_endpoint=tokens, leeway=0)
    session.fetch_token(username="alice", password="password")
    return twice(lambda: session.get(url + "/api-3"))


seen = []
for kind, clients in {"replaces": [nodemailer, offlineimap, getmail], "leaves": [oauth2_client, requests_oauth2client, authlib]}.items():
    for client in clients:
        path = f"/{kind}/{client.__name__}"
        result = client(url + path)
        seen.append((" ".join(sent[path]), result))
        print(f"{path:<34} {seen[-1][0]:<21} {result}")
kept, new, lost = "refresh-1 refresh-1", "refresh-1 refresh-2", "refresh-1"
expected = [(kept, "signed in, invalid_grant"), (kept, "0, 1"), (new, "0, 0")]
expected += [(lost, "200, 401"), (lost, "200, ExpiredAccessToken"), (kept, "200, 200")]
sys.exit(seen != expected)
PY
venv/bin/python check.py
