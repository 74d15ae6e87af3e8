#!/usr/bin/env bash
# FreeRADIUS: where rlm_rest authenticates, an answer of 200 lets in only when no attribute can be made of it. One member of the JSON
# whose name is in a dictionary, or force_to = 'plain', and the same 200 is an Access-Reject.
#
# Seen with FreeRADIUS 3.2.1 of Debian 12:
#   200 {"greeting":"hello"}:                    Access-Accept
#   200 {"Reply-Message":"hello"}:               Access-Reject
#   200 {"greeting":"hello"}, force_to = 'plain': Access-Reject
#   200 {"Reply-Message":"hello"}, and the virtual server makes ok of updated: Access-Accept
#
# The table in the module's own file says of Authorize and Authenticate alike: 2xx, process body, ok/updated. A good engineer would guess
# that both let in, as in authorize. In authenticate everything but ok is a rejection, so that a back end that begins to answer one
# attribute more, or a line more in a dictionary, locks everybody out. "if (updated) { ok }" after the module mends it.
#
# Runs in a folder of its own, with packages of Debian, which are unpacked and not installed. Needs Debian 12, apt-get and python3.
# Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
jobs=()
trap '[ ${#jobs[@]} -eq 0 ] || kill "${jobs[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
packages='freeradius freeradius-common freeradius-rest freeradius-utils libfreeradius3 libbrotli1 libcurl4 libdbus-1-3 libjson-c5
  libldap-2.5-0 libnghttp2-14 libpcap0.8 libpcre3 libpsl5 librtmp1 libsasl2-2 libssh2-1 libtalloc2'
# shellcheck disable=SC2086
apt-get -qq download $packages 2>/dev/null || { apt-get -qq update && apt-get -qq download $packages; } 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
libraries=$folder/root/usr/lib
export LD_LIBRARY_PATH=$libraries/freeradius:$libraries/$(uname -m)-linux-gnu:$folder/root/lib/$(uname -m)-linux-gnu

# Answers each path with 200 and its JSON.
cat >answers.py <<'PY'
from http.server import BaseHTTPRequestHandler, HTTPServer

class Answers(BaseHTTPRequestHandler):
    def do_POST(self):
        body = b'{"Reply-Message":"hello"}' if self.path == "/attribute" else b'{"greeting":"hello"}'
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

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

# $1: the instance, $2: the path, $3: what else is said
instance() {
  echo "rest $1 { authenticate {"
  printf '%s\n' "uri = \"http://127.0.0.1:$http/$2\"" "method = 'post'" "body = 'post'" 'data = "a=b"' "$3"
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
  always ok {
    rcode = ok
  }
CONF
  instance nothing nothing ''
  instance attribute attribute ''
  instance plain nothing "force_to = 'plain'"
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
    Auth-Type nothing {
      nothing
    }
    Auth-Type attribute {
      attribute
    }
    Auth-Type plain {
      plain
    }
    Auth-Type mended {
      attribute
      if (updated) {
        ok
      }
    }
  }
}
CONF
} >radiusd.conf
dictionaries=$folder/root/usr/share/freeradius
"$folder/root/usr/sbin/freeradius" -f -l stdout -d "$folder" -D "$dictionaries" >log 2>&1 &
jobs+=($!)
until grep -q 'Ready to process' log; do
  kill -0 "${jobs[1]}" 2>/dev/null || { cat log && exit 1; }
  sleep 0.1
done

"$folder/root/usr/sbin/freeradius" -v | sed -n 1p
seen=
for name in nothing attribute plain mended; do
  answer=$(printf 'User-Name=%s\nUser-Password=x\n' "$name" |
    "$folder/root/usr/bin/radclient" -D "$dictionaries" -t 5 -r 2 "127.0.0.1:$port" auth secret 2>&1 | grep -o 'Received Access-[A-Za-z]*' || true)
  echo "$name: $answer"
  seen+=" ${answer#Received Access-}"
done
[ "$seen" = ' Accept Reject Reject Accept' ]
