#!/usr/bin/env bash
# better-sqlite3 and SQLite in WAL mode: a write with RETURNING that is read by `get` is committed, and never leads to a checkpoint.
#
# Seen with better-sqlite3 12.4.1 (SQLite 3.50.4), the automatic checkpoint at its default of 1000 pages, 20,000 upserts of one row:
#   get:  the -wal file has 82.4 MB
#   all:  the -wal file has 4.1 MB
#
# `get` reads the first row and resets the statement, which ends it and commits. SQLite looks whether a checkpoint is due only where
# a statement comes to its end by itself; at a reset it does not. A good engineer would guess that a commit is a commit, and `get` is
# the natural call for one row: rate-limiter-flexible 11.4.0 counts so, and its file grows with every request until something else
# writes, or the last connection closes. Inside a transaction of one's own the COMMIT comes to its end, and all is well. Who writes
# with RETURNING outside of one uses `all`, or calls wal_checkpoint.
#
# Runs in a folder of its own, with packages of the npm registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --allow-scripts=all better-sqlite3@12.4.1 >/dev/null 2>&1 ||
  npm install --silent --no-audit --no-fund better-sqlite3@12.4.1
cat >check.mjs <<'JS'
import { statSync } from 'node:fs'
import Sqlite from 'better-sqlite3'

function walAfter(method) {
  const db = new Sqlite(`${method}.sqlite`)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = OFF')
  db.exec('create table counters (key text primary key, points integer not null)')
  const upsert = db.prepare(
    'insert into counters values (?, 1) on conflict (key) do update set points = points + 1 returning points',
  )
  for (let i = 0; i < 20_000; i += 1) upsert[method]('somebody')
  const megabytes = statSync(`${method}.sqlite-wal`).size / 1e6
  db.close()
  return megabytes
}

console.log(`SQLite ${new Sqlite(':memory:').prepare('select sqlite_version()').pluck().get()}`)
const [get, all] = [walAfter('get'), walAfter('all')]
console.log(`get:  the -wal file has ${get.toFixed(1)} MB`)
console.log(`all:  the -wal file has ${all.toFixed(1)} MB`)
process.exit(get > 50 && all < 5 ? 0 : 1)
JS
node check.mjs
