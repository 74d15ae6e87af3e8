import type { Test } from 'tap'
import { SchemaIsNewer } from '../../../src/storage/engine/migrations.ts'
import { type EmptyDatabase, type Engine, farMs, openWithParties } from './records.ts'

const tables = [
  'users',
  'former_names',
  'roles',
  'user_roles',
  'clients',
  'client_origins',
  'credentials',
  'sessions',
  'cascades',
  'status_lists',
  'revocations',
  'signing_keys',
  'instance',
  'audit_events',
]

/** All rows of all tables, and what is known of the migrations. */
export const everything = ({ query }: EmptyDatabase) =>
  Promise.all([...tables, 'kysely_migration'].map(table => query(`SELECT * FROM ${table} ORDER BY 1`)))

export function migrationChecks(t: Test, engine: Engine): void {
  t.test('the migrations make the schema and name themselves in their order; a second run is a no-op', async t => {
    const database = await engine.open(t)
    const ran = await database.migrate()
    const names = ran.map(({ name }) => name)
    t.strictSame(names.slice(0, 4), ['0001-main-path', '0002-revocation', '0003-key-lifecycle', '0004-rows'])
    t.strictSame(names, names.toSorted())
    const after = await everything(database)
    t.strictSame(await database.migrate(), [])
    t.strictSame(await everything(database), after)
  })

  t.test('what a migration does is told with its name by those that say it', async t => {
    const database = await engine.open(t)
    const ran = await database.migrate()
    const told = Object.fromEntries(ran.map(({ name, description }) => [name, description]))
    t.equal(told['0001-main-path'], undefined)
    t.match(told['0004-rows'], /every access token hangs on a row of sessions.*Nobody is signed out\./)
  })

  t.test('a second run keeps what was stored', async t => {
    const database = await openWithParties(t, engine)
    const before = await everything(database)
    t.strictSame(await database.migrate(), [])
    t.strictSame(await everything(database), before)
  })

  t.test(
    'signing keys from before they had a life get the time and the cause of their making, and keep the rest',
    async t => {
      const database = await engine.open(t)
      await database.migrateTo('0002-revocation')
      const jwk = '{"kty":"RSA","n":"n","e":"AQAB"}'
      await database.query(`INSERT INTO signing_keys VALUES ('a', 'active', '${jwk}', ${farMs}, ${farMs})`)
      await database.query(`INSERT INTO signing_keys VALUES ('p', 'pending', '${jwk}', ${farMs + 1}, ${farMs + 9})`)

      t.equal((await database.migrate())[0]?.name, '0003-key-lifecycle')
      const common = {
        publicJwk: JSON.parse(jwk),
        cause: 'first_key',
        rotationAskedAtMs: null,
        retiresAtMs: null,
        seenAheadAtMs: null,
      }
      t.strictSame(await database.read.signingKeys.list(), [
        { ...common, kid: 'a', state: 'active', sinceMs: farMs, createdAtMs: farMs, activatesAtMs: farMs },
        { ...common, kid: 'p', state: 'pending', sinceMs: farMs + 1, createdAtMs: farMs + 1, activatesAtMs: farMs + 9 },
      ])
      t.equal(await database.read.instance.find(), undefined, 'which database it is, the next start says')
    },
  )

  t.test(
    'status lists from before they had a size keep their entries, and are kept for what may point to them now',
    async t => {
      const database = await engine.open(t)
      await database.migrateTo('0004-rows')
      await database.query(`INSERT INTO status_lists VALUES ('a', 'open', 3, 7, ${farMs}, ${farMs + 9})`)
      t.equal((await database.migrate())[0]?.name, '0005-status-lists')
      t.match(await database.read.statusLists.list(), [
        { id: 'a', openedAtMs: farMs, size: 2 ** 20, revision: 7, revisedAtMs: farMs },
      ])
      const removed = (nowMs: number) => database.write(({ statusLists }) => statusLists.removeExpired(nowMs))
      t.equal(await removed(farMs + 9 + 7_200_000 - 1), 0, 'an hour longer, and one for the list before it')
      t.equal(await removed(farMs + 9 + 7_200_000), 1)
    },
  )

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
    t.equal(await database.write(({ roles }) => roles.insert({ name: 'editor', permissions: ['a:b'] })), true)
  })
}
