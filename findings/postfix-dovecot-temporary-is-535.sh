#!/usr/bin/env bash
# Postfix over Dovecot: when Dovecot says that it can't tell now whether a password is right, Postfix says that it is wrong.
#
# Seen with Postfix 3.7.11 and Dovecot 2.3.19.1 of Debian 12, Python's imaplib and smtplib, and a password database that can't be reached:
#   IMAP:   [UNAVAILABLE] Temporary authentication failure.
#   SMTP:   535 5.7.8 Error: authentication failed: (reason unavailable)
#
# Postfix 3.10.13 over Dovecot 2.4.1 does the same. RFC 4954 §6 has 454 for it, and Dovecot's protocol tells the two apart (`FAIL` with
# `temp`). A good engineer would guess that mail waits in the programs of people while the service behind is down; they ask for a new
# password instead, and the right one is what they have.
#
# Runs in a folder of its own, with packages of Debian. Needs root, debootstrap and Python 3. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
chmod 755 "$folder"
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
root=$folder/debian
debootstrap --variant=minbase bookworm "$root" >"$folder/log" 2>&1
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" && chmod +x "$root/usr/sbin/policy-rc.d"
DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get -qq install -y --no-install-recommends dovecot-imapd postfix >>"$folder/log" 2>&1 ||
  { tail "$folder/log" && exit 1; }
port=$((20000 + $$ % 20000))
mkdir -p "$root/tmp/postfix/data" "$root/tmp/postfix/queue"
chroot "$root" chown postfix /tmp/postfix/data
cat >"$root/tmp/dovecot.conf" <<CONF
base_dir = /tmp/run
state_dir = /tmp/state
log_path = /tmp/log
protocols = imap
listen = 127.0.0.1
ssl = no
service imap-login {
  inet_listener imap {
    port = $port
  }
  inet_listener imaps {
    port = 0
  }
}
service auth {
  unix_listener /tmp/postfix/queue/private/auth {
    mode = 0666
  }
}
passdb {
  driver = oauth2
  args = /tmp/oauth2.conf
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/tmp/%u
}
CONF
# Nothing listens there.
cat >"$root/tmp/oauth2.conf" <<CONF
grant_url = http://127.0.0.1:$((port + 2))/token
use_grant_password = yes
client_id = mail
client_secret = secret
CONF
cat >"$root/tmp/postfix/main.cf" <<CONF
compatibility_level = 3.6
queue_directory = /tmp/postfix/queue
data_directory = /tmp/postfix/data
maillog_file_prefixes = /tmp
maillog_file = /tmp/log-of-postfix
inet_interfaces = 127.0.0.1
mydestination = localhost
alias_maps =
smtpd_peername_lookup = no
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
CONF
cat >"$root/tmp/postfix/master.cf" <<CONF
$((port + 1)) inet n - n - - smtpd
  -o smtpd_sasl_auth_enable=yes
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
CONF
chroot "$root" postfix -c /tmp/postfix check
chroot "$root" postconf -h mail_version
chroot "$root" dovecot --version
chroot "$root" dovecot -F -c /tmp/dovecot.conf &
# It ends the process group that it leads.
setsid chroot "$root" /usr/lib/postfix/sbin/master -c /tmp/postfix -d &
cat >"$folder/check.py" <<'PY'
import imaplib
import smtplib
import sys
import time

port = int(sys.argv[1])


def connect(program, port):
    for _ in range(100):
        try:
            return program("127.0.0.1", port)
        except OSError:
            time.sleep(0.1)
    raise SystemExit("A server does not answer.")


try:
    imap = connect(imaplib.IMAP4, port).login("alice", "password")
except imaplib.IMAP4.error as error:
    imap = error.args[0].decode().split(" [")[0]
try:
    smtp = connect(smtplib.SMTP, port + 1).login("alice", "password")
except smtplib.SMTPAuthenticationError as error:
    smtp = f"{error.smtp_code} {error.smtp_error.decode()}"
print("IMAP:  ", imap)
print("SMTP:  ", smtp)
sys.exit(imap != "[UNAVAILABLE] Temporary authentication failure." or not str(smtp).startswith("535 "))
PY
python3 "$folder/check.py" "$port" || { cat "$root/tmp/log" "$root/tmp/log-of-postfix"; exit 1; }
