/** Two works on PostgreSQL that wait for each other: one of them is undone by the database, and runs again. */
import t, { type Test } from 'tap'
import type { Stores } from '../../src/records/unit-of-work.ts'
import { addedRoles } from '../support/added-roles.ts'
import { connect, migratedPostgres, openPostgres } from '../support/postgres.ts'
import { until } from '../support/status-list.ts'
import { ALL, userOf } from './conformance/records.ts'

async function openWithUsers(t: Test) {
  const url = await migratedPostgres(t)
  const database = await openPostgres(t, url)
  await database.write(async ({ users }) => {
    await users.insert(userOf('alice'))
    await users.insert(userOf('bob'))
  })
  return { ...database, url }
}

/** Resolves when as many as `count` have come, and for everybody who comes later. */
function meeting(count: number) {
  const { promise, resolve } = Promise.withResolvers<void>()
  let come = 0
  return () => {
    come += 1
    if (come === count) resolve()
    return promise
  }
}

t.test(
  'two works that lock two rows in opposite order both succeed, and the one that was undone is done once',
  async t => {
    const { read, write } = await openWithUsers(t)
    const bothHoldOne = meeting(2)
    let runs = 0
    const locking = (first: string, second: string) =>
      write(async ({ roles, users }: Stores) => {
        runs += 1
        await users.findById(`user_${first}`)
        const isNew = await roles.insert({ name: `by way of ${first}`, permissions: ['a:b'] })
        await bothHoldOne()
        await users.findById(`user_${second}`)
        await users.setStatus(`user_${second}`, 'disabled')
        return isNew
      })
    t.strictSame(await Promise.all([locking('alice', 'bob'), locking('bob', 'alice')]), [true, true])
    // Where both look for the deadlock at the same moment, both are undone.
    t.ok(runs === 3 || runs === 4, `${runs} runs`)
    t.strictSame(
      addedRoles(await read.roles.list()).map(({ name }) => name),
      ['by way of alice', 'by way of bob'],
    )
    t.strictSame(
      (await read.users.list({}, ALL)).map(({ status }) => status),
      ['disabled', 'disabled'],
    )
  },
)

const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"

t.test('a work that is undone again and again is refused after three tries, and nothing of it is kept', async t => {
  const { beside, read, url, write } = await openWithUsers(t)
  const looking = await connect(t, url)
  // So that the victim is always the other.
  await beside.query("set deadlock_timeout = '1min'")
  const lock = (name: string) => `select from users where id = 'user_${name}' for update`
  let runs = 0
  const losing = write(async ({ roles, users }) => {
    runs += 1
    await beside.query(`rollback; begin; ${lock('bob')}`)
    await users.findById('user_alice')
    await roles.insert({ name: 'undone', permissions: ['a:b'] })
    // Answered when this work is undone.
    beside.query(lock('alice')).catch(t.error)
    // Whoever closes the circle sees it: who waits looks for one only once.
    await until(async () => (await looking.query(waiting)).rowCount !== 0)
    await users.findById('user_bob')
  })
  await t.rejects(losing, { name: 'StorageUnavailable', cause: { code: '40P01' } })
  t.equal(runs, 3)
  await beside.query('rollback')
  t.strictSame(addedRoles(await read.roles.list()), [])
})
