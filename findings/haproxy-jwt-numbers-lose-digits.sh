#!/usr/bin/env bash
# HAProxy's jwt_payload_query makes 1.79588e+09 of a number in a token, unless it is told 'int', and nothing of an array.
#
# Seen with HAProxy 2.6.12 of Debian 12, and a token whose claims are exp 1795877928, roles ["editor","author"], scope "read write":
#   jwt_payload_query('$.exp')         1.79588e+09
#   jwt_payload_query('$.exp','int')   1795877928
#   jwt_payload_query('$.roles')       (nothing)
#   jwt_payload_query('$.roles[0]')    editor
#   jwt_payload_query('$.scope')       read write
#
# Its manual says that jwt_payload_query without a path gives the payload "in the form of a JSON string", and with one, what is there. A
# good engineer would guess that a number comes as it stands and an array as JSON. Of an exp that was read so, six
# digits are left: up to 83 minutes either way. In 3.0 of Debian 13 the array comes as JSON; the number
# is the same.
#
# Runs in a folder of its own, with packages of Debian 12 that it unpacks there. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
haproxy=
trap '[ -z "$haproxy" ] || kill "$haproxy" 2>/dev/null || true; rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"
apt-get -qq download haproxy liblua5.3-0 libopentracing-c-wrapper0 libopentracing1 2>/dev/null
for package in *.deb; do dpkg -x "$package" .; done
export LD_LIBRARY_PATH=$folder/usr/lib/x86_64-linux-gnu
usr/sbin/haproxy -v | grep "^HAProxy version"

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >haproxy.cfg <<CFG
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend one
    bind 127.0.0.1:$port
    http-request set-var(txn.a) http_auth_bearer,jwt_payload_query('\$.exp')
    http-request set-var(txn.b) http_auth_bearer,jwt_payload_query('\$.exp','int')
    http-request set-var(txn.c) http_auth_bearer,jwt_payload_query('\$.roles')
    http-request set-var(txn.d) http_auth_bearer,jwt_payload_query('\$.roles[0]')
    http-request set-var(txn.e) http_auth_bearer,jwt_payload_query('\$.scope')
    http-request return status 200 content-type text/plain lf-string "%[var(txn.a)]|%[var(txn.b)]|%[var(txn.c)]|%[var(txn.d)]|%[var(txn.e)]"
CFG
usr/sbin/haproxy -db -f haproxy.cfg 2>haproxy.log &
haproxy=$!
part() { base64 --wrap 0 | tr '+/' '-_' | tr -d =; }
token=$(printf '{"alg":"RS256","typ":"at+jwt"}' | part).$(printf '{"exp":1795877928,"roles":["editor","author"],"scope":"read write"}' | part).c2lnbmF0dXJl
saw=$(curl --silent --show-error --retry 20 --retry-delay 1 --retry-connrefused -H "Authorization: Bearer $token" "http://127.0.0.1:$port/")
kill "$haproxy"

IFS='|' read -r exp int roles first scope <<<"$saw"
printf "%-34s %s\n" "jwt_payload_query('\$.exp')" "$exp" "jwt_payload_query('\$.exp','int')" "$int" \
  "jwt_payload_query('\$.roles')" "${roles:-(nothing)}" "jwt_payload_query('\$.roles[0]')" "$first" "jwt_payload_query('\$.scope')" "$scope"
[ "$saw" = '1.79588e+09|1795877928||editor|read write' ]
