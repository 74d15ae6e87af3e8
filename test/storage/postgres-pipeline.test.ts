/** Statements go out without waiting for the answers before them: what fails is told all the same, and nothing is done without the rest. */
import { CompiledQuery } from 'kysely'
import pg from 'pg'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/clock.ts'
import { createSessionEnds } from '../../src/oauth/sessions/session-ends.ts'
import { systemRandomness } from '../../src/randomness.ts'
import { connect, type Limits } from '../../src/storage/engine/postgres/connection.ts'
import { toStorageError } from '../../src/storage/engine/postgres/errors.ts'
import { transaction } from '../../src/storage/engine/postgres/executors.ts'
import type { Executor } from '../../src/storage/engine/prepared.ts'
import { migratedPostgres, openPostgres } from '../support/postgres.ts'
import { poolerBefore } from '../support/postgres-pooler.ts'
import { byTest } from '../support/serve.ts'
import { watchStatements } from '../support/statements.ts'
import { clientOf, sessionOf, userOf } from './conformance/records.ts'

/** Transactions on one connection, of statements that no store has. */
async function scene(t: Test, limits: Partial<Record<keyof Limits, number | string>> = {}) {
  const pool = new pg.Pool({ connectionString: await migratedPostgres(t), max: 1, pipeline: true })
  // The end of the database ends what is idle, too.
  pool.on('connect', client => client.on('error', () => {}))
  pool.on('error', () => {})
  t.teardown(() => pool.end())
  const connections = {
    connect: () => pool.connect(),
    end: () => pool.end(),
    toStorageError: (error: unknown) => toStorageError(error),
  }
  const all = { lockMs: 2000, statementMs: 5000, transactionMs: 10_000, ...limits } as Limits
  const inTransaction = (work: (executor: Executor) => Promise<unknown>) =>
    transaction(() => connect(connections, () => all), work, { locks: true })
  const names = async () =>
    (await pool.query("select name from roles where name <> 'signet-admin' order by name")).rows.map(({ name }) => name)
  return { inTransaction, names }
}

const of = (text: string) => CompiledQuery.raw(text)
const insert = (name: string) => of(`insert into roles (name, permissions) values ('${name}', '[]')`)
const read = of("select name from roles where name <> 'signet-admin'")
const failing = of('select 1 / (select count(*) from roles where name is null)')

t.test('of those that are under way together, the first that fails says why, and the connection is good', async t => {
  const { inTransaction, names } = await scene(t)
  await t.rejects(
    inTransaction(async executor => {
      await executor.run(insert('early'), [])
      const behind = [executor.first(failing, []), executor.first(read, []), executor.run(insert('late'), [])]
      await Promise.allSettled(behind)
      await behind[2]
    }),
    { code: '22012' },
  )
  t.same(await names(), [])
  await inTransaction(executor => executor.run(insert('next'), []))
  t.same(await names(), ['next'])
})

t.test('a change that was only sent is there when the commit is, and fails with it', async t => {
  const { inTransaction, names } = await scene(t)
  await inTransaction(async executor => {
    await executor.send(insert('a'), [])
    await executor.send(insert('b'), [])
  })
  t.same(await names(), ['a', 'b'])
  const taken = inTransaction(async executor => {
    await executor.send(insert('c'), [])
    await executor.send(insert('a'), [])
    await executor.send(insert('d'), [])
  })
  await t.rejects(taken, { name: 'StorageConflict' })
  t.same(await names(), ['a', 'b'])
})

for (const [what, work] of [
  ['is waited for', (executor: Executor) => executor.run(insert('alone'), [])],
  ['is only sent', (executor: Executor) => executor.send(insert('alone'), [])],
  [
    'comes after a read',
    async (executor: Executor) => {
      await executor.first(read, [])
      await executor.run(insert('alone'), [])
    },
  ],
  [
    'comes with a read',
    (executor: Executor) => Promise.all([executor.first(read, []), executor.run(insert('alone'), [])]),
  ],
] as const)
  t.test(`nothing is changed outside of a transaction that did not begin: a change that ${what}`, async t => {
    const { inTransaction, names } = await scene(t, { lockMs: '!' })
    await t.rejects(inTransaction(work), { code: '42601' })
    t.same(await names(), [])
  })

t.test('behind a pooler a work of one statement is a transaction that waits once', async t => {
  const watch = watchStatements(t)
  const { read, write } = await openPostgres(t, await poolerBefore(t, await migratedPostgres(t)))
  await read.roles.find('nobody')
  const { sent, roundTrips } = await watch(() =>
    write(({ credentials }) => credentials.setLastUsed('secret_1', 5, null), 'one statement'),
  )
  t.same(sent, ['begin ', 'update credentials', 'commit'])
  t.equal(roundTrips, 1)
})

t.test('a batch of an ending waits for its sessions, for whether there are more, and for the rest of it', async t => {
  const watch = watchStatements(t)
  const { write, beside } = await openPostgres(t, await migratedPostgres(t))
  const nowMs = systemClock.now()
  await write(async ({ users, clients, sessions }) => {
    await users.insert(userOf('alice'))
    await clients.insert(clientOf('web-app'))
    for (let index = 0; index < 250; index += 1)
      await sessions.insert({
        ...sessionOf(String(index)),
        family: undefined,
        status: { listId: 'list_1', index, leaveAtMs: nowMs, lastExpiryMs: nowMs + 60_000 },
      })
  })
  const { clientId } = sessionOf('any')
  const ends = createSessionEnds({ clock: systemClock, randomness: systemRandomness })
  const { answer, sent, roundTrips } = await watch(() =>
    write(stores => ends.end(stores, { clientId }, 'test', byTest)),
  )
  t.equal(answer.ended, 200)
  t.equal(roundTrips, 3, sent.join(', '))
  t.ok(sent.length < 12, sent.join(', '))
  const { rows } = await beside.query('select count(*) as count from revocations')
  t.same(rows, [{ count: 200 }])
})

t.test('a column that is added while statements are kept is met by no read and no work', async t => {
  const { read, write, beside } = await openPostgres(t, await migratedPostgres(t))
  await write(({ users }) => users.insert(userOf('alice')))
  const find = () => read.users.findByKey('alice')
  const lock = () => write(({ users }) => users.findByKey('alice'))
  for (const [index, next] of [find, lock, find, lock].entries()) {
    for (const act of [find, lock, find, lock]) t.ok(await act())
    await beside.query(`alter table users add column new_${index} text`)
    t.ok(await next())
  }
})
