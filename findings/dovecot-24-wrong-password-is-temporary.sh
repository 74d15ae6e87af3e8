#!/usr/bin/env bash
# Dovecot 2.4, passdb oauth2: a wrong password is a temporary failure, and a token service that is down is a wrong token. By
# `introspection_mode = post` the client_id and the client_secret that are set are not sent.
#
# Seen with Dovecot 2.4.1 of Debian 13 (1:2.4.1+dfsg1-6+deb13u7), and Python's imaplib:
#   wrong password, 400 invalid_grant:   [UNAVAILABLE] Temporary authentication failure.
#   good token, 503:                     [AUTHENTICATIONFAILED] Authentication failed.
#   introspection by post:               token=a.b.c, and no Authorization
#
# A good engineer would guess each the other way round, as it is in 2.3. RFC 6749 §5.2 has invalid_grant for a wrong password, and 2.4
# reads the member `error` of any answer as a failure of the service before it looks at the kind of it: a mail program that keeps an old
# password tries it again and again, and asks nobody for the new one. RFC 7662 §2.1 wants the one who asks to authenticate, and what is
# set for that is used by the password grant alone: the secret has to stand in the URL of introspection, from which Basic is made.
#
# Runs in a folder of its own, with packages of Debian. Needs root, debootstrap and Python 3. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
chmod 755 "$folder"
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
root=$folder/debian
debootstrap --variant=minbase trixie "$root" >"$folder/log" 2>&1
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" && chmod +x "$root/usr/sbin/policy-rc.d"
DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get -qq install -y --no-install-recommends dovecot-imapd >>"$folder/log" 2>&1 ||
  { tail "$folder/log" && exit 1; }
port=$((20000 + $$ % 20000))
mkdir "$root/tmp/mail"
cat >"$root/tmp/dovecot.conf" <<CONF
dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
base_dir = /tmp/run
state_dir = /tmp/state
log_path = /tmp/log
protocols = imap
listen = 127.0.0.1
ssl = no
mail_driver = maildir
mail_path = ~/Maildir
service imap-login {
  inet_listener imap {
    port = $port
  }
  inet_listener imaps {
    port = 0
  }
}
auth_mechanisms = plain oauthbearer
oauth2 {
  introspection_mode = post
  introspection_url = http://127.0.0.1:$((port + 1))/introspect
  grant_url = http://127.0.0.1:$((port + 1))/token
  client_id = mail
  client_secret = secret
  username_attribute = username
}
passdb oauth2 {
}
userdb static {
  fields {
    uid = nobody
    gid = nogroup
    home = /tmp/mail/%{user}
  }
}
CONF
chroot "$root" dovecot --version
chroot "$root" dovecot -F -c /tmp/dovecot.conf &
cat >"$folder/check.py" <<'PY'
import http.server
import imaplib
import sys
import threading
import time

port = int(sys.argv[1])
asked = []


class Service(http.server.BaseHTTPRequestHandler):
    """Answers a wrong password as RFC 6749 has it, and is down when it is asked about a token."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        asked.append((self.path, body, self.headers["authorization"]))
        status, answer = (400, b'{"error":"invalid_grant"}') if self.path == "/token" else (503, b"{}")
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def connect():
    for _ in range(100):
        try:
            return imaplib.IMAP4("127.0.0.1", port)
        except OSError:
            time.sleep(0.1)
    raise SystemExit("Dovecot does not answer.")


def refusal(sign_in):
    try:
        sign_in(connect())
    except imaplib.IMAP4.error as error:
        text = error.args[0]
        return (text.decode() if isinstance(text, bytes) else text).split(" [")[0]
    return "signed in"


threading.Thread(target=http.server.ThreadingHTTPServer(("127.0.0.1", port + 1), Service).serve_forever, daemon=True).start()
sent = []
bearer = lambda _: b"" if sent else sent.append(1) or b"n,a=alice,\x01auth=Bearer a.b.c\x01\x01"
password = refusal(lambda program: program.login("alice", "wrong"))
token = refusal(lambda program: program.authenticate("OAUTHBEARER", bearer))
_, body, authorization = asked[-1]
print("wrong password, 400 invalid_grant:  ", password)
print("good token, 503:                    ", token)
print("introspection by post:              ", f"{body}, and {authorization or 'no Authorization'}")
expected = ["[UNAVAILABLE] Temporary authentication failure.", "[AUTHENTICATIONFAILED] Authentication failed.", "token=a.b.c", None]
sys.exit([password, token, body, authorization] != expected)
PY
python3 "$folder/check.py" "$port" || { cat "$root/tmp/log"; exit 1; }
