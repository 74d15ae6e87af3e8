#!/usr/bin/env bash
# ejabberd: an external program that says no is not asked. What it said yes to, ejabberd remembers for an hour, and lets in whoever has
# been disabled, or comes with the password of before.
#
# Seen with ejabberd 23.01 of Debian 12, auth_method: external, the program says yes to the right password until alice is disabled:
#   by default:             yes, then disabled: yes, asked once
#   auth_use_cache: false:  yes, then disabled: no, asked twice
#
# A good engineer would guess that who leaves the decision to a program of their own is asked for each sign-in, as those
# of other servers are: caches are for databases. The option that does it is a general one (auth_use_cache, true, for an hour). Who was disabled
# elsewhere is kept out only with auth_use_cache: false.
#
# Runs in a folder of its own, with packages of Debian, which are unpacked and not installed. Needs Debian 12 and apt-get. Exit code 0: it
# is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
packages='ejabberd libexpat1 libltdl7 libodbc2 libsystemd0 libyaml-0-2'
for name in asn1 base base64url crypto eunit ftp goldrush idna inets jiffy jose lager mnesia odbc os-mon p1-acme p1-cache-tab p1-eimp \
  p1-mqtree p1-pkix p1-stringprep p1-stun p1-tls p1-utils p1-xml p1-xmpp p1-yaml p1-yconf p1-zlib proper public-key runtime-tools snmp \
  ssl syntax-tools tftp tools unicode-util-compat xmerl; do
  packages+=" erlang-$name"
done
# shellcheck disable=SC2086
apt-get -qq download $packages 2>/dev/null || { apt-get -qq update && apt-get -qq download $packages; } 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
libraries=$folder/root/usr/lib/$(uname -m)-linux-gnu
export ROOTDIR=$folder/root/usr/lib/erlang EMU=beam PROGNAME=erl HOME=$folder
export BINDIR=$(echo "$ROOTDIR"/erts-*/bin) ERL_LIBS=$libraries LD_LIBRARY_PATH=$libraries:$folder/root/lib/$(uname -m)-linux-gnu

# Two bytes of length, then auth:NAME:HOST:PASSWORD. Yes as long as nobody has disabled alice.
cat >decide <<'PY'
#!/usr/bin/python3
import os, sys
folder = os.path.dirname(os.path.abspath(__file__))
while len(length := sys.stdin.buffer.read(2)) == 2:
    asked = sys.stdin.buffer.read(int.from_bytes(length, "big")).decode()
    if asked.startswith("auth:"):
        print(asked, file=open(f"{folder}/asked", "a"), flush=True)
    yes = asked == "auth:alice:localhost:right" and not os.path.exists(f"{folder}/disabled")
    sys.stdout.buffer.write(b"\0\2\0\1" if yes else b"\0\2\0\0")
    sys.stdout.buffer.flush()
PY
chmod +x decide
cat >check.erl <<'ERL'
-module(check).
-export([run/0]).
says() -> atom_to_list(ejabberd_auth:check_password(<<"alice">>, <<>>, <<"localhost">>, <<"right">>)).
run() ->
    {ok, _} = application:ensure_all_started(ejabberd),
    Before = says(),
    ok = file:write_file("disabled", <<>>),
    After = says(),
    {ok, Asked} = file:read_file("asked"),
    Times = integer_to_list(length(binary:split(Asked, <<"\n">>, [global, trim]))),
    ok = file:write_file("seen", [Before, " ", After, " ", Times]),
    halt(0).
ERL
"$BINDIR/erlexec" -noinput -eval '{ok, _} = compile:file(check), halt(0).'

seen=
for option in '' 'auth_use_cache: false'; do
  rm -rf mnesia asked disabled seen
  mkdir mnesia
  printf '%s\n' 'hosts: [localhost]' 'listen: []' 'modules: {}' 'auth_method: external' "extauth_program: $folder/decide" "$option" >ejabberd.yml
  EJABBERD_CONFIG_PATH=$folder/ejabberd.yml timeout 60 "$BINDIR/erlexec" -noinput -mnesia dir "\"$folder/mnesia\"" -s check run >log 2>&1 ||
    { cat log && exit 1; }
  echo "${option:-by default}: right, disabled, times asked: $(cat seen)"
  seen+=" $(cat seen)"
done
[ "$seen" = ' true true 1 true false 2' ]
