/** The storage conformance suite on every database that Signet supports. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { Kysely, PostgresDialect, SqliteDialect } from 'kysely'
import pg from 'pg'
import suite, { type Test } from 'tap'
import { systemRandomness } from '../../src/randomness.ts'
import type { DatabaseLocation } from '../../src/records/instance.ts'
import { openDatabase } from '../../src/storage/open-database.ts'
import { testClock } from '../support/clock.ts'
import { migrateTo } from '../support/migrate-to.ts'
import { connect, emptyPostgres, migratedPostgres } from '../support/postgres.ts'
import { temporaryFolder } from '../support/serve.ts'
import type { Engine } from './conformance/records.ts'
import { conformance } from './conformance.ts'

async function open(t: Test, target: DatabaseLocation) {
  const clock = testClock()
  const database = await openDatabase(target, { clock, randomness: systemRandomness })
  t.teardown(database.close)
  return { ...database, clock }
}

async function sqliteAt(t: Test, path: string) {
  const database = await open(t, { kind: 'sqlite', path })
  const beside = new Sqlite(path)
  t.teardown(() => beside.close())
  const file = () => new SqliteDialect({ database: new Sqlite(path) })
  return {
    ...database,
    migrateTo: (name: string) => migrateTo(new Kysely({ dialect: file() }), name),
    query: async (text: string) => {
      const statement = beside.prepare<[], Record<string, unknown>>(text)
      if (statement.reader) return statement.all()
      statement.run()
      return []
    },
  }
}

const migratedFile = join(temporaryFolder(suite), 'migrated.sqlite')
suite.before(async () => {
  const path = migratedFile
  const database = await openDatabase({ kind: 'sqlite', path }, { clock: testClock(), randomness: systemRandomness })
  await database.migrate()
  await database.close()
})

const sqlite: Engine = {
  name: 'SQLite',
  graceClock: 'injected',
  open: t => sqliteAt(t, join(temporaryFolder(t), 'signet.sqlite')),
  openMigrated(t) {
    const path = join(temporaryFolder(t), 'signet.sqlite')
    copyFileSync(migratedFile, path)
    return sqliteAt(t, path)
  },
}

async function postgresAt(t: Test, url: string) {
  const database = await open(t, { kind: 'postgres', url })
  const beside = await connect(t, url)
  const server = () => {
    const pool = new pg.Pool({ connectionString: url })
    // One that is being closed hears of the end of its database.
    pool.on('connect', client => client.on('error', () => {}))
    pool.on('error', () => {})
    return new PostgresDialect({ pool })
  }
  return {
    ...database,
    migrateTo: (name: string) => migrateTo(new Kysely({ dialect: server() }), name),
    query: async (text: string) => (await beside.query<Record<string, unknown>>(text)).rows,
  }
}

const emptying = `
  set session_replication_role = replica;
  do $$ declare name text; begin
    for name in
      select relname from pg_class
      where relkind = 'r' and relnamespace = 'public'::regnamespace and relname not like 'kysely%'
    loop execute format('delete from %I', name); end loop;
  end $$`

const migrated: string[] = []

/** One that a case has left, without its rows: to make one and drop it takes a hundred times as long. */
async function emptied(t: Test): Promise<string> {
  const url = migrated.pop() ?? (await migratedPostgres(suite))
  const client = new pg.Client(url)
  await client.connect()
  await client.query(emptying).finally(() => client.end())
  t.teardown(() => migrated.push(url))
  return url
}

const postgres: Engine = {
  name: 'PostgreSQL',
  graceClock: 'database',
  open: async t => postgresAt(t, await emptyPostgres(t)),
  openMigrated: async t => postgresAt(t, await emptied(t)),
}

for (const engine of [sqlite, postgres]) {
  suite.test(engine.name, async t => conformance(t, engine))
}
