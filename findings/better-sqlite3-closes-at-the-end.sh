#!/usr/bin/env bash
# better-sqlite3: whether a database that is left open keeps its write-ahead log depends on how the process ends.
#
# Seen with better-sqlite3 12.4.1, one connection in WAL mode with one commit, never closed:
#   the event loop is empty:      t.sqlite
#   process.exitCode is set:      t.sqlite
#   process.exit(1):              t.sqlite t.sqlite-shm t.sqlite-wal
#
# A good engineer would guess that a handle which nobody closes is left as it is, like any descriptor, and that both ways to end are
# one. But when Node ends by itself the driver closes every open database, and the last one to close writes the log into the file and
# deletes it; `process.exit` skips that. So a process that found the files of its database exchanged, and wants to leave what lies
# there alone, must not just run to its end, nor let go of its handles (the garbage collector closes them, too); and a script that
# copies the file after a program ended copies a whole database or not.
#
# Runs in a folder of its own, with packages of the npm registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --allow-scripts=all better-sqlite3@12.4.1 >/dev/null 2>&1 ||
  npm install --silent --no-audit --no-fund better-sqlite3@12.4.1
cat >open.mjs <<'JS'
import Sqlite from 'better-sqlite3'

const db = new Sqlite('t.sqlite')
db.pragma('journal_mode = WAL')
db.exec('create table t (a); insert into t values (1)')
if (process.argv[2] === 'exitCode') process.exitCode = 1
if (process.argv[2] === 'exit') process.exit(1)
JS
left_by() {
  rm -f t.sqlite*
  node open.mjs "$1" || true
  echo t.sqlite*
}
by_itself=$(left_by nothing) with_code=$(left_by exitCode) by_exit=$(left_by exit)
echo "the event loop is empty:      $by_itself"
echo "process.exitCode is set:      $with_code"
echo "process.exit(1):              $by_exit"
[ "$by_itself" = t.sqlite ] && [ "$with_code" = t.sqlite ] && [ "$by_exit" = 't.sqlite t.sqlite-shm t.sqlite-wal' ]
