#!/usr/bin/env bash
# Kysely's SQLite dialect lets one statement at a time through, and each that is done wakes all that wait: many statements that are begun
# together (Promise.all over rows) cost the square of their number.
#
# Seen with kysely 0.29.9, better-sqlite3 13.2.0, Node 26: inserts in one transaction, one after the other and all begun at once:
#   1000 after each other: 3.8 ms for 100, at once: 15.0 ms for 100
#   4000 after each other: 3.2 ms for 100, at once: 59.3 ms for 100
#
# A good engineer would guess that Promise.all costs nothing on a database that has one connection: the statements wait in a line. The
# line is a mutex whose waiters all wake, look, and wait again. Begin a few dozen at a time, or one after the other.
#
# Runs in a folder of its own, with packages of the npm registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --allow-scripts=all node@26 kysely@0.29.9 better-sqlite3@13.2.0 >/dev/null 2>&1 ||
  npm install --silent --no-audit --no-fund node@26 kysely@0.29.9 better-sqlite3@13.2.0
cat >check.mjs <<'JS'
import Sqlite from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'

const insert = (transaction, id) => transaction.insertInto('things').values({ id }).execute()

/** Milliseconds for each hundred. */
async function measure(count, isAtOnce) {
  const db = new Kysely({ dialect: new SqliteDialect({ database: new Sqlite(':memory:') }) })
  await db.schema.createTable('things').addColumn('id', 'integer').execute()
  const ids = Array.from({ length: count }, (_, index) => index)
  const began = performance.now()
  await db.transaction().execute(async transaction => {
    if (isAtOnce) await Promise.all(ids.map(id => insert(transaction, id)))
    else for (const id of ids) await insert(transaction, id)
  })
  const took = performance.now() - began
  await db.destroy()
  return (took * 100) / count
}

await measure(200, true)
const rows = []
for (const count of [1000, 4000]) rows.push({ count, after: await measure(count, false), atOnce: await measure(count, true) })
for (const { count, after, atOnce } of rows)
  console.log(`${count} after each other: ${after.toFixed(1)} ms for 100, at once: ${atOnce.toFixed(1)} ms for 100`)
const [few, many] = rows
if (many.atOnce < 2 * few.atOnce || many.after > 2 * few.after) throw new Error('It is no longer so.')
JS
node_modules/.bin/node check.mjs
