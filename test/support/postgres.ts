/** Databases on PostgreSQL: on the server that SIGNET_TEST_DATABASE_URL names, or on one that this process starts. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/clock.ts'
import { systemRandomness } from '../../src/randomness.ts'
import type { PoolSettings } from '../../src/storage/engine/database.ts'
import { openDatabase } from '../../src/storage/open-database.ts'
import { startPostgres } from './postgres-server.ts'

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** The URL of a database from which others can be made. */
const administration = once(async () => {
  const given = process.env['SIGNET_TEST_DATABASE_URL']
  if (given) return given
  const server = await startPostgres()
  t.teardown(server.stop)
  return server.url
})

async function administer(statement: string): Promise<void> {
  const client = new pg.Client(await administration())
  await client.connect()
  await client.query(statement).finally(() => client.end())
}

async function urlOf(name: string): Promise<string> {
  const url = new URL(await administration())
  url.pathname = name
  return url.href
}

const newName = (): string => `signet_test_${randomBytes(8).toString('hex')}`

async function create(t: Test, name: string, template = 'template0'): Promise<string> {
  // Copying the files takes half the time of writing each page to the log.
  await administer(`create database ${name} template ${template} strategy file_copy`)
  t.teardown(() => administer(`drop database if exists ${name} with (force)`))
  return urlOf(name)
}

/** Migrated once in each process. */
const template = once(async () => {
  const name = newName()
  const url = await create(t, name)
  const sources = { clock: systemClock, randomness: systemRandomness, pool: patient }
  const database = await openDatabase({ kind: 'postgres', url }, sources)
  await database.migrate()
  await database.close()
  return name
})

/** The database of `folder` becomes a copy of that of `original`, which nobody uses. */
export function postgresCopiedTo(folder: string, original: string): Promise<string> {
  const copy = postgresOf(original).then(url => create(t, newName(), new URL(url).pathname.slice(1)))
  databases.set(folder, copy)
  return copy
}

/** Looks into a database, past the service. Integers come as numbers. */
export async function connect(t: Test, url: string): Promise<pg.Client> {
  const types = new pg.TypeOverrides()
  types.setTypeParser(pg.types.builtins.INT8, Number)
  const client = new pg.Client({ connectionString: url, types })
  await client.connect()
  t.teardown(() => client.end())
  return client
}

const asConfigured = { size: 10, lifetimeSeconds: 1800 }
/** A machine that is busy with tests is no outage: fifty who wait for one row may take longer than a request would. */
export const patient: PoolSettings = { ...asConfigured, timeoutSeconds: 20 }
/** As the configuration has it, where it is about the time. */
export const impatient: PoolSettings = { ...asConfigured, timeoutSeconds: 2 }

/** The stores on the database at `url`, and a connection beside them. */
export async function openPostgres(t: Test, url: string, pool = patient) {
  const sources = { clock: systemClock, randomness: systemRandomness, pool }
  const database = await openDatabase({ kind: 'postgres', url }, sources)
  t.teardown(database.close)
  return { ...database, beside: await connect(t, url) }
}

/** As SQLite has it in every table: the order in which rows were written, which no column of ours says. */
const countedTemplate = once(async () => {
  const name = newName()
  const client = new pg.Client(await create(t, name, await template()))
  await client.connect()
  const { rows } = await client.query(
    "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
  )
  for (const { relname } of rows) await client.query(`alter table ${relname} add column rowid bigserial`)
  await client.end()
  return name
})

const databases = new Map<string, Promise<string>>()

/** The URL of the database that belongs to a folder, for as long as this process runs. */
export function postgresOf(folder: string): Promise<string> {
  const known = databases.get(folder) ?? countedTemplate().then(template => create(t, newName(), template))
  databases.set(folder, known)
  return known
}

/** The URL of a database of the test's own, without a schema; it is gone after the test. */
export const emptyPostgres = (t: Test): Promise<string> => create(t, newName())

/** The same, with the schema of today. */
export const migratedPostgres = async (t: Test): Promise<string> => create(t, newName(), await template())
