import type { Test } from 'tap'
import { SchemaIsNewer } from '../../../src/storage/migrations.ts'
import { type EmptyDatabase, type Engine, openWithParties } from './records.ts'

const tables = [
  'users',
  'roles',
  'user_roles',
  'clients',
  'client_origins',
  'sessions',
  'status_lists',
  'revocations',
  'signing_keys',
  'audit_events',
]

/** All rows of all tables, and what is known of the migrations. */
const everything = ({ query }: EmptyDatabase) =>
  Promise.all([...tables, 'kysely_migration'].map(table => query(`SELECT * FROM ${table} ORDER BY 1`)))

export function migrationChecks(t: Test, engine: Engine): void {
  t.test('the migrations make the schema and name themselves in their order; a second run is a no-op', async t => {
    const database = await engine.open(t)
    const ran = await database.migrate()
    t.strictSame(ran.slice(0, 2), ['0001-main-path', '0002-revocation'])
    const after = await everything(database)
    t.strictSame(await database.migrate(), [])
    t.strictSame(await everything(database), after)
  })

  t.test('a second run keeps what was stored', async t => {
    const database = await openWithParties(t, engine)
    const before = await everything(database)
    t.strictSame(await database.migrate(), [])
    t.strictSame(await everything(database), before)
  })

  t.test('a database that a newer program migrated is refused by name, and untouched', async t => {
    const database = await openWithParties(t, engine)
    await database.query(`INSERT INTO kysely_migration VALUES ('9999-from-the-future', '2099-01-01T00:00:00.000Z')`)
    const before = await everything(database)
    await t.rejects(database.migrate(), SchemaIsNewer)
    await t.rejects(database.migrate(), { name: 'SchemaIsNewer', message: /newer Signet \(9999-from-the-future\)/ })
    t.strictSame(await everything(database), before)
  })

  t.test('a newer database is refused also when it misses one of our migrations', async t => {
    const database = await openWithParties(t, engine)
    await database.query(`UPDATE kysely_migration SET name = '9999-from-the-future' WHERE name = '0001-main-path'`)
    const before = await everything(database)
    await t.rejects(database.migrate(), SchemaIsNewer)
    t.strictSame(await everything(database), before)
  })

  t.test('a refused migration leaves the database writable', async t => {
    const database = await openWithParties(t, engine)
    await database.query(`INSERT INTO kysely_migration VALUES ('9999-from-the-future', '2099-01-01T00:00:00.000Z')`)
    await t.rejects(database.migrate(), SchemaIsNewer)
    t.equal(await database.write(({ roles }) => roles.insert({ name: 'editor', permissions: [] })), true)
  })
}
