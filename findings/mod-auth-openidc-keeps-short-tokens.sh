#!/usr/bin/env bash
# mod_auth_openidc, as an OAuth 2 resource server with introspection: what it was told of a short token is kept until the token expires,
# and of a JWT nothing is kept, as its default cache can't hold a name of more than 512 characters.
#
# Seen with mod_auth_openidc 2.4.12.3 and Apache 2.4 of Debian 12, three requests with the same token, and an introspection that says
# active for the first question and not active from then on:
#   a token of 64 characters:                   questions 1, answers 200 200 200
#   a token of 900 characters:                  questions 3, answers 200 401 401
#   64 characters, and an interval of -1:       questions 3, answers 200 401 401
#
# Who asks for introspection wants to hear of revocations, and who tries that with the JWTs of his service sees that it works. With short
# tokens it does not, until their end. OIDCOAuthTokenIntrospectionInterval -1 asks each time; with JWTs the log has an error for each
# request otherwise.
#
# Runs in a folder of its own, with packages of Debian 12 that it unpacks there, as root. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
running=()
trap 'kill "${running[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"
apt-get -qq download apache2-bin libapache2-mod-auth-openidc libcjose0 libhiredis0.14 libapr1 libaprutil1 libjansson4 2>/dev/null
for package in *.deb; do dpkg -x "$package" .; done
export LD_LIBRARY_PATH=$folder/usr/lib/x86_64-linux-gnu

openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 1 -keyout key.pem -out certificate.pem 2>/dev/null
cat key.pem certificate.pem >pair.pem
cat >introspection.py <<'PY'
import http.server, json, ssl, sys, time, urllib.parse

asked = {}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        token = form["token"][0]
        asked[token] = asked.get(token, 0) + 1
        first = asked[token] == 1
        self.answer({"active": True, "sub": "alice", "exp": int(time.time()) + 600} if first else {"active": False})

    def do_GET(self):
        self.answer({str(len(token)) + token[0]: times for token, times in asked.items()})

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("pair.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
PY
read -r apache introspection <<<"$(python3 -c 'import socket
sockets = [socket.socket() for _ in range(2)]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))')"
python3 introspection.py "$introspection" &
running+=($!)
mkdir -p site/each && echo hello | tee site/index.html >site/each/index.html
{
  for name in mpm_event authn_core authz_core authz_user dir auth_openidc; do echo "LoadModule ${name}_module $folder/usr/lib/apache2/modules/mod_$name.so"; done
  cat <<CONF
ServerName localhost
ServerRoot $folder
DefaultRuntimeDir $folder
PidFile $folder/pid
User www-data
Group www-data
Listen 127.0.0.1:$apache
ErrorLog $folder/error.log
DocumentRoot $folder/site
DirectoryIndex index.html
OIDCOAuthSSLValidateServer Off
OIDCOAuthIntrospectionEndpoint https://127.0.0.1:$introspection/
OIDCOAuthClientID one
OIDCOAuthClientSecret secret
OIDCOAuthRemoteUserClaim sub
<Location />
  AuthType oauth20
  Require valid-user
</Location>
<Location /each>
  OIDCOAuthTokenIntrospectionInterval -1
</Location>
CONF
} >apache.conf
usr/sbin/apache2 -DFOREGROUND -f "$folder/apache.conf" 2>apache.log &
running+=($!)
curl --silent --output /dev/null --retry 20 --retry-delay 1 --retry-connrefused "http://127.0.0.1:$apache/" --output /dev/null --insecure "https://127.0.0.1:$introspection/"

# Of the letter $1, $2 times, asked for at $3.
saw() {
  local token answers=()
  token=$(printf "%${2}s" '' | tr ' ' "$1")
  for _ in 1 2 3; do answers+=("$(curl --silent --output /dev/null --write-out '%{http_code}' -H "Authorization: Bearer $token" "http://127.0.0.1:$apache$3")"); done
  printf 'questions %s, answers %s' "$(curl --silent --insecure "https://127.0.0.1:$introspection/" | python3 -c "import json, sys; print(json.load(sys.stdin)['$2$1'])")" "${answers[*]}"
}
short=$(saw a 64 /) long=$(saw b 900 /) told=$(saw c 64 /each/)
printf '%-42s %s\n' 'a token of 64 characters:' "$short" 'a token of 900 characters:' "$long" '64 characters, and an interval of -1:' "$told"
[ "$short" = 'questions 1, answers 200 200 200' ] && [ "$long" = 'questions 3, answers 200 401 401' ] && [ "$told" = "$long" ]
