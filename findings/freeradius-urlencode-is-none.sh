#!/usr/bin/env bash
# FreeRADIUS: %{urlencode:…}, which the comment in the configuration of rlm_rest tells to use, does not exist. The configuration is found in
# order, the server starts, and then sends nothing: each sign-in is an Access-Reject. The expansion is %{urlquote:…}.
#
# Seen with FreeRADIUS 3.2.1 of Debian 12 (the comment is the same in 3.2.7 of Debian 13), data = "password=…":
#   comment:                               e.g. %{urlencode:<attr>}
#   freeradius -CX:                        Configuration appears to be OK
#   named: %{urlencode:%{User-Password}}:  Access-Reject, nothing was sent
#   real: %{urlquote:%{User-Password}}:    Access-Accept, sent password=a%26b
#   plain: %{User-Password}:               Access-Accept, sent password=a&b
#
# A good engineer would believe the comment, and the check: other expansions that are unknown are found at the start. data is expanded when
# somebody signs in. It looks like a wrong password, and without urlquote a password with & is another one.
#
# Runs in a folder of its own, with packages of Debian, which are unpacked and not installed. Needs Debian 12, apt-get and python3.
# Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
jobs=()
trap '[ ${#jobs[@]} -eq 0 ] || kill "${jobs[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
packages='freeradius freeradius-common freeradius-config freeradius-rest freeradius-utils libfreeradius3 libbrotli1 libcurl4 libdbus-1-3 libjson-c5
  libldap-2.5-0 libnghttp2-14 libpcap0.8 libpcre3 libpsl5 librtmp1 libsasl2-2 libssh2-1 libtalloc2'
# shellcheck disable=SC2086
apt-get -qq download $packages 2>/dev/null || { apt-get -qq update && apt-get -qq download $packages; } 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
libraries=$folder/root/usr/lib
export LD_LIBRARY_PATH=$libraries/freeradius:$libraries/$(uname -m)-linux-gnu:$folder/root/lib/$(uname -m)-linux-gnu

# Lets everybody in, and keeps what was sent to the path.
cat >answers.py <<'PY'
from http.server import BaseHTTPRequestHandler, HTTPServer

class Answers(BaseHTTPRequestHandler):
    def do_POST(self):
        with open(f"sent{self.path.replace('/', '-')}", "wb") as file:
            file.write(self.rfile.read(int(self.headers.get("content-length", 0))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Answers)
print(server.server_port, flush=True)
server.serve_forever()
PY
python3 answers.py >http-port &
jobs+=($!)
until [ -s http-port ]; do sleep 0.1; done
http=$(cat http-port)
port=$((20000 + $$ % 20000))

# $1: the instance, $2: what is expanded
instance() {
  echo "rest $1 { authenticate {"
  printf '%s\n' "uri = \"http://127.0.0.1:$http/$1\"" "method = 'post'" "body = 'post'" "data = \"password=$2\""
  printf '%s\n' '}' 'pool {' 'start = 0' 'min = 0' 'max = 2' 'spare = 1' '}' '}'
}
{
  cat <<CONF
libdir = $libraries/freeradius
logdir = $folder
run_dir = $folder
pidfile = $folder/radius.pid
client localhost {
  ipaddr = 127.0.0.1
  secret = secret
}
modules {
  expr {
    safe_characters = "@abcdefghijklmnopqrstuvwxyz"
  }
  always ok {
    rcode = ok
  }
CONF
  instance named '%{urlencode:%{User-Password}}'
  instance real '%{urlquote:%{User-Password}}'
  instance plain '%{User-Password}'
  cat <<CONF
}
server default {
  listen {
    type = auth
    ipaddr = 127.0.0.1
    port = $port
  }
  authorize {
    update control {
      Auth-Type := "%{User-Name}"
    }
  }
  authenticate {
    Auth-Type named {
      named
    }
    Auth-Type real {
      real
    }
    Auth-Type plain {
      plain
    }
  }
}
CONF
} >radiusd.conf
dictionaries=$folder/root/usr/share/freeradius
comment=$(grep -o 'e.g. %{urlencode:<attr>}' root/etc/freeradius/3.0/mods-available/rest || true)
check=$("$folder/root/usr/sbin/freeradius" -CX -d "$folder" -D "$dictionaries" 2>&1 | grep -o 'Configuration appears to be OK' || true)
"$folder/root/usr/sbin/freeradius" -f -l stdout -d "$folder" -D "$dictionaries" >log 2>&1 &
jobs+=($!)
until grep -q 'Ready to process' log; do
  kill -0 "${jobs[1]}" 2>/dev/null || { cat log && exit 1; }
  sleep 0.1
done

"$folder/root/usr/sbin/freeradius" -v | sed -n 1p
echo "comment: $comment"
echo "freeradius -CX: $check"
seen="$comment, $check"
for name in named real plain; do
  answer=$(printf 'User-Name=%s\nUser-Password="a&b"\n' "$name" |
    "$folder/root/usr/bin/radclient" -D "$dictionaries" -t 5 -r 2 "127.0.0.1:$port" auth secret 2>&1 | grep -o 'Received Access-[A-Za-z]*' || true)
  sent=$(cat "sent-$name" 2>/dev/null || true)
  echo "$name: ${answer#Received }, sent ${sent:-nothing}"
  seen+=", ${answer#Received Access-} $sent"
done
[ "$seen" = 'e.g. %{urlencode:<attr>}, Configuration appears to be OK, Reject , Accept password=a%26b, Accept password=a&b' ]
