import type { Test } from 'tap'
import { SchemaIsNewer } from '../../../src/storage/engine/migrations.ts'
import { type EmptyDatabase, type Engine, farMs, insertParties, openWithParties } from './records.ts'

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
  'schema_steps',
]

/** All rows of all tables, and what is known of the migrations. */
export const everything = ({ query }: EmptyDatabase) =>
  Promise.all([...tables, 'kysely_migration'].map(table => query(`SELECT * FROM ${table} ORDER BY 1`)))

/** As `openWithParties`, and nobody finds it afterwards. */
async function openToAlter(t: Test, engine: Engine): Promise<EmptyDatabase> {
  const database = await engine.open(t)
  await database.migrate()
  await insertParties(database)
  return database
}

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
    const database = await openToAlter(t, engine)
    await database.query(`INSERT INTO kysely_migration VALUES ('9999-from-the-future', '2099-01-01T00:00:00.000Z')`)
    const before = await everything(database)
    await t.rejects(database.migrate(), SchemaIsNewer)
    await t.rejects(database.migrate(), { name: 'SchemaIsNewer', message: /newer Signet \(9999-from-the-future\)/ })
    t.strictSame(await everything(database), before)
  })

  t.test('each migration is written down with its mark, also those that ran before there were marks', async t => {
    const database = await engine.open(t)
    await database.migrateTo('0010-times-ahead')
    await database.migrate()
    const marks = await database.query('SELECT name, breaking FROM schema_steps ORDER BY name')
    const names = await database.query('SELECT name FROM kysely_migration ORDER BY name')
    t.strictSame(
      marks.map(({ name }) => name),
      names.map(({ name }) => name),
    )
    const breaking = Object.fromEntries(marks.map(({ name, breaking }) => [name, breaking]))
    t.match(breaking, { '0004-rows': 1, '0006-indices': 0, '0011-names': 0 })
  })

  const ranNewer = async (database: EmptyDatabase, name: string, breaking: number) => {
    await database.query(`INSERT INTO kysely_migration VALUES ('${name}', '2099-01-01T00:00:00.000Z')`)
    await database.query(`INSERT INTO schema_steps VALUES ('${name}', ${breaking})`)
  }

  t.test('a newer schema that breaks nothing is worked with, and named', async t => {
    const database = await openToAlter(t, engine)
    await ranNewer(database, '9998-expanded', 0)
    const before = await everything(database)
    const ahead = [{ name: '9998-expanded', breaking: false }]
    t.strictSame(await database.steps(), { due: [], ahead })
    t.strictSame(await database.stepsAhead(), ahead)
    t.strictSame(await database.migrate(), [])
    t.strictSame(await everything(database), before)
  })

  t.test('at a breaking step of a newer program this one stops, and names it and nothing else', async t => {
    const database = await openToAlter(t, engine)
    await ranNewer(database, '9998-expanded', 0)
    await ranNewer(database, '9999-contracted', 1)
    await t.rejects(database.steps(), {
      name: 'SchemaIsNewer',
      message: /newer Signet \(9999-contracted\).*can't work with.*Run the newer version, or restore a backup/,
    })
    await t.rejects(database.migrate(), SchemaIsNewer)
    t.strictSame(
      (await database.stepsAhead()).map(({ breaking }) => breaking),
      [false, true],
      'who runs already can ask',
    )
  })

  t.test('a schema that is newer and lacks something of this program is of another line', async t => {
    const database = await engine.open(t)
    await database.migrateTo('0010-times-ahead')
    await database.query('CREATE TABLE schema_steps (name text primary key, breaking integer not null)')
    await ranNewer(database, '9998-expanded', 0)
    await t.rejects(database.migrate(), {
      name: 'SchemaIsNewer',
      message: /\(9998-expanded\), and lacks what this version has \(0011-names[^)]*\)/,
    })
  })

  t.test('what another program has migrated is not touched, and not called a newer Signet', async t => {
    const database = await engine.open(t)
    await database.query('CREATE TABLE kysely_migration (name varchar(255) primary key, timestamp varchar(255))')
    for (const day of [1, 2, 3, 4, 5, 6])
      await database.query(`INSERT INTO kysely_migration VALUES ('2024-01-0${day}_orders', '2024-01-01T00:00:00.000Z')`)
    const says = {
      name: 'StorageRefused',
      message: /^Another program has migrated this database \(2024-01-01_orders, .* and 3 more.*database of its own/,
    }
    await t.rejects(database.isNew(), says)
    await t.rejects(database.steps(), says)
    await t.rejects(database.migrate(), says)
    t.equal((await database.query('SELECT * FROM kysely_migration')).length, 6)
    await t.rejects(database.query('SELECT * FROM users'))
    await t.rejects(database.query('SELECT * FROM schema_steps'))
  })

  t.test('a newer database is refused also when it misses one of our migrations', async t => {
    const database = await openToAlter(t, engine)
    await database.query(`UPDATE kysely_migration SET name = '9999-from-the-future' WHERE name = '0001-main-path'`)
    const before = await everything(database)
    await t.rejects(database.migrate(), SchemaIsNewer)
    t.strictSame(await everything(database), before)
  })

  t.test('a refused migration leaves the database writable', async t => {
    const database = await openToAlter(t, engine)
    await database.query(`INSERT INTO kysely_migration VALUES ('9999-from-the-future', '2099-01-01T00:00:00.000Z')`)
    await t.rejects(database.migrate(), SchemaIsNewer)
    t.equal(await database.write(({ roles }) => roles.insert({ name: 'editor', permissions: ['a:b'] })), true)
  })
}
