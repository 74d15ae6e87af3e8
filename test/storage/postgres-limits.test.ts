/** What a work on PostgreSQL may rely on: it is acknowledged as a whole or not at all, and nobody waits for long. */
import { Kysely, sql } from 'kysely'
import pg from 'pg'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/clock.ts'
import { systemRandomness } from '../../src/randomness.ts'
import { createRequestWaits, noRequests } from '../../src/records/request-waits.ts'
import { StorageUnavailable } from '../../src/records/unit-of-work.ts'
import type { Limits } from '../../src/storage/engine/postgres/connection.ts'
import { postgresDialect } from '../../src/storage/engine/postgres/driver.ts'
import { toStorageError } from '../../src/storage/engine/postgres/errors.ts'
import { openPool } from '../../src/storage/engine/postgres/pool.ts'
import { openDatabase } from '../../src/storage/open-database.ts'
import { impatient, migratedPostgres, openPostgres, patient } from '../support/postgres.ts'
import { poolerBefore } from '../support/postgres-pooler.ts'
import { sessionOf } from './conformance/records.ts'

const open = async (t: Test) => openPostgres(t, await migratedPostgres(t), impatient)

/** As the program opens it; `through` may put something before the server. */
async function openMigrated(t: Test, through: (t: Test, url: string) => Promise<string>) {
  const database = await openPostgres(t, await through(t, await migratedPostgres(t)), impatient)
  await database.migrate()
  return database
}

t.test('a work that goes on after a statement failed is refused, and nothing of it is kept', async t => {
  const { read, write } = await open(t)
  const careless = write(async ({ roles, sessions }) => {
    await roles.insert({ name: 'early', permissions: ['a:b'] })
    await sessions.insert(sessionOf('of nobody', { credentialId: 'secret_1' })).catch(() => undefined)
  })
  await t.rejects(careless, { message: 'The transaction was rolled back, not committed.' })
  t.equal(await read.roles.find('early'), undefined)
})

t.test('a write that waits for the lock of somebody else is refused before its statement takes too long', async t => {
  const { write, beside } = await open(t)
  await beside.query('begin; lock table roles in access exclusive mode')
  // By the limit for locks. By that for the statement it would be 57014, and by ours no word of the server.
  await t.rejects(
    write(({ roles }) => roles.find('editor')),
    { name: 'StorageUnavailable', cause: { code: '55P03' } },
  )
})

for (const [way, through] of [
  ['', async (_: Test, url: string) => url],
  [', behind a pooler', poolerBefore],
] as const)
  t.test(`a work of one statement that is refused because a row is locked is not done later on${way}`, async t => {
    const { write, beside } = await openMigrated(t, through)
    const credential = { id: 'secret_1', name: null, hash: 'h', createdAtMs: 1, expiresAtMs: null, lastUsedAtMs: null }
    await write(({ credentials }) => credentials.insert('client_1', 'client_secret', credential))
    await beside.query('begin; select from credentials for update')
    await t.rejects(
      write(({ credentials }) => credentials.setLastUsed('secret_1', 5, null), 'one statement'),
      { name: 'StorageUnavailable', cause: { code: '55P03' } },
    )
    await beside.query('commit')
    // Whoever still waited for the row has it before this.
    const { rows } = await beside.query('select last_used_at_ms from credentials for update')
    t.same(rows, [{ last_used_at_ms: null }])
  })

t.test('a request that has no time left takes no other with it that asks in the same turn', async t => {
  const requestWaits = createRequestWaits()
  const sources = { clock: systemClock, randomness: systemRandomness, requestWaits, pool: patient }
  const { read, close } = await openDatabase({ kind: 'postgres', url: await migratedPostgres(t) }, sources)
  t.teardown(close)
  const ask = (waitedMs: number) =>
    requestWaits.begin(() => {
      Object.assign(requestWaits.current() ?? {}, { ms: waitedMs })
      return read.users.findById('user_1')
    })
  const [late, inTime] = await Promise.allSettled([ask(1000 * patient.timeoutSeconds), ask(0)])
  t.match(late, { status: 'rejected', reason: { name: 'StorageUnavailable' } })
  t.match(inTime, { status: 'fulfilled' })
})

t.test('what is set on a connection is not left behind in a pooler for others', async t => {
  const url = await migratedPostgres(t)
  for (const [at, expected] of [
    [url, '1200ms'],
    [await poolerBefore(t, url), '0'],
  ] as const) {
    const pool = openPool(at, noRequests, { size: 1, lifetimeSeconds: 60, timeoutSeconds: 2 })
    const client = await pool.connect()
    t.same((await client.query('show lock_timeout')).rows, [{ lock_timeout: expected }])
    client.release()
    await pool.end()
  }
})

/** The driver by itself, on one connection: what is asked of it needs statements that no store has. */
async function driver(t: Test, limits: Partial<Limits>) {
  const pool = new pg.Pool({ connectionString: await migratedPostgres(t), max: 1, pipeline: true })
  // One that is being closed hears of the end of its database, and so does one that is idle.
  pool.on('connect', client => client.on('error', () => {}))
  pool.on('error', () => {})
  const all = { lockMs: 2000, statementMs: 5000, transactionMs: 10_000, ...limits }
  const connections = {
    connect: () => pool.connect(),
    end: () => pool.end(),
    toStorageError: (error: unknown) => toStorageError(error),
  }
  const db = new Kysely<unknown>({ dialect: postgresDialect(connections, () => all) })
  t.teardown(() => db.destroy())
  return db
}

t.test("the server's own limits hold inside a transaction, and are left behind with it", async t => {
  const db = await driver(t, {})
  const settings = async (kysely: Kysely<unknown>) => {
    const one = sql`select current_setting('lock_timeout') as lock, current_setting('statement_timeout') as statement, current_setting('idle_in_transaction_session_timeout') as idle`
    return (await one.execute(kysely)).rows[0]
  }
  const none = { lock: '0', statement: '0', idle: '0' }
  t.strictSame(await settings(db), none)
  t.strictSame(await db.transaction().execute(settings), { lock: '2s', statement: '4500ms', idle: '10s' })
  t.strictSame(await settings(db), none)
})

t.test('a transaction is limited as a whole, also when each of its statements is within the limit', async t => {
  const db = await driver(t, { transactionMs: 600 })
  let slept = 0
  const tooLong = db.transaction().execute(async transaction => {
    for (; slept < 8; slept += 1) await sql`select pg_sleep(0.25)`.execute(transaction)
  })
  await t.rejects(tooLong, StorageUnavailable)
  t.ok(slept <= 2, `${slept} statements`)
  t.ok(await sql`select 1`.execute(db), 'and the next one begins anew')
})

t.test('a transaction that fails while it begins is met by nobody who comes after', async t => {
  // It has begun when PostgreSQL refuses the limit, as when the beginning is cancelled half-way.
  const db = await driver(t, { lockMs: -1 })
  await t.rejects(
    db.transaction().execute(async () => {}),
    { code: '22023' },
  )
  t.strictSame((await sql`select 1 as one`.execute(db)).rows, [{ one: 1 }])
})
