/** The storage conformance suite on every database that Signet supports. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { Kysely, PostgresDialect, SqliteDialect } from 'kysely'
import pg from 'pg'
import suite, { type Test } from 'tap'
import type { Clock } from '../../src/clock.ts'
import { systemRandomness } from '../../src/randomness.ts'
import type { DatabaseLocation } from '../../src/records/instance.ts'
import { openDatabase } from '../../src/storage/open-database.ts'
import { testClock } from '../support/clock.ts'
import { migrateTo } from '../support/migrate-to.ts'
import { connect, emptyPostgres, migratedPostgres, patient } from '../support/postgres.ts'
import { temporaryFolder } from '../support/serve.ts'
import type { EmptyDatabase, Engine } from './conformance/records.ts'
import { conformance } from './conformance.ts'

async function open(t: Test, target: DatabaseLocation, clock: Clock) {
  const database = await openDatabase(target, { clock, randomness: systemRandomness, pool: patient })
  t.teardown(database.close)
  return database
}

async function sqliteAt(t: Test, path: string) {
  const clock = testClock()
  const database = await open(t, { kind: 'sqlite', path }, clock)
  const beside = new Sqlite(path)
  t.teardown(() => beside.close())
  const file = () => new SqliteDialect({ database: new Sqlite(path) })
  return {
    ...database,
    clock,
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
  const clock = testClock()
  return { ...(await postgresWith(t, url, clock)), clock }
}

async function postgresWith(t: Test, url: string, clock: Clock) {
  const database = await open(t, { kind: 'postgres', url }, clock)
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
  begin;
  set local session_replication_role = replica;
  do $$ declare name text; begin
    for name in
      select relname from pg_class
      where relkind = 'r' and relnamespace = 'public'::regnamespace and relname not like 'kysely%'
    loop execute format('delete from %I', name); end loop;
  end $$;
  commit`

/** Open, and left by a case: to make a database takes a hundred times as long, and to connect to one ten times. */
const left: Awaited<ReturnType<typeof openForMany>>[] = []

async function openForMany() {
  let clock = testClock()
  const database = await postgresWith(suite, await migratedPostgres(suite), { now: () => clock.now() })
  return async (): Promise<EmptyDatabase> => {
    await database.query(emptying)
    clock = testClock()
    return { ...database, clock }
  }
}

const postgres: Engine = {
  name: 'PostgreSQL',
  graceClock: 'database',
  open: async t => postgresAt(t, await emptyPostgres(t)),
  async openMigrated(t) {
    const opened = left.pop() ?? (await openForMany())
    t.teardown(() => left.push(opened))
    return opened()
  },
}

for (const engine of [sqlite, postgres]) {
  suite.test(engine.name, async t => conformance(t, engine))
}
