#!/usr/bin/env bash
# Dovecot 2.4, tokens by `introspection_mode = local`: a key whose file is removed goes on verifying tokens until Dovecot is reloaded, and
# for a key that is unknown the file is looked for each time.
#
# Seen with Dovecot 2.4.1 of Debian 13 (1:2.4.1+dfsg1-6+deb13u7), and Python's imaplib:
#   before the file is there:   refused
#   when it is there:           signed in
#   when it has been removed:   signed in
#   after doveadm reload:       refused
#
# A new file is found at once, without a reload, so a good engineer would guess that the folder is what counts, and that after a theft of
# a signing key the key is withdrawn when its file is. It is kept in memory from its first use on, for as long as the process lives.
#
# Runs in a folder of its own, with packages of Debian. Needs root, debootstrap, OpenSSL and Python 3. Exit code 0: it is still so.
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
auth_mechanisms = oauthbearer
oauth2 {
  introspection_mode = local
  username_attribute = sub
  oauth2_local_validation {
    dict fs {
      fs posix {
        prefix = /tmp/keys/
      }
    }
  }
}
userdb static {
  fields {
    uid = nobody
    gid = nogroup
    home = /tmp/mail/%{user}
  }
}
CONF
openssl genrsa -out "$folder/key.pem" 2048 2>/dev/null
chroot "$root" dovecot --version
chroot "$root" dovecot -F -c /tmp/dovecot.conf &
cat >"$folder/check.py" <<'PY'
import base64
import imaplib
import json
import os
import subprocess
import sys
import time

port, key, root = int(sys.argv[1]), sys.argv[2], sys.argv[3]
coded = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
now = int(time.time())
header = {"alg": "RS256", "typ": "at+jwt", "kid": "first"}
content = b".".join(coded(json.dumps(part).encode()) for part in (header, {"sub": "alice", "iat": now, "exp": now + 3600}))
token = content + b"." + coded(subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=content, capture_output=True).stdout)


def connect():
    for _ in range(100):
        try:
            return imaplib.IMAP4("127.0.0.1", port)
        except (OSError, imaplib.IMAP4.error):
            time.sleep(0.1)
    raise SystemExit("Dovecot does not answer.")


def sign_in():
    sent = []
    bearer = lambda _: b"" if sent else sent.append(1) or b"n,a=alice,\x01auth=Bearer " + token + b"\x01\x01"
    try:
        connect().authenticate("OAUTHBEARER", bearer)
    except imaplib.IMAP4.error:
        return "refused"
    return "signed in"


file = f"{root}/tmp/keys/default/RS256/first"
seen = [sign_in()]
os.makedirs(os.path.dirname(file))
subprocess.run(["openssl", "rsa", "-in", key, "-pubout", "-out", file], capture_output=True, check=True)
seen.append(sign_in())
os.remove(file)
seen.append(sign_in())
subprocess.run(["chroot", root, "doveadm", "-c", "/tmp/dovecot.conf", "reload"], check=True)
# The process that knows the key ends in a moment.
for _ in range(20):
    last = sign_in()
    if last == "refused":
        break
    time.sleep(0.2)
seen.append(last)
names = ["before the file is there:", "when it is there:", "when it has been removed:", "after doveadm reload:"]
for name, what in zip(names, seen):
    print(f"{name:<28}{what}")
sys.exit(seen != ["refused", "signed in", "signed in", "refused"])
PY
python3 "$folder/check.py" "$port" "$folder/key.pem" "$root" || { cat "$root/tmp/log"; exit 1; }
