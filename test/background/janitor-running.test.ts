import { mock } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Test, test } from 'tap'
import { StorageUnavailable, type Write } from '../../src/records/unit-of-work.ts'
import { testClock } from '../support/clock.ts'
import { createHold } from '../support/hold.ts'
import { linesSaying } from '../support/log.ts'
import { aroundReads } from '../support/reads.ts'
import type { Service } from '../support/serve.ts'
import { changeEach, notOnPostgres, select, sessionsOf } from '../support/sqlite.ts'
import { device, refreshed, restarted, revoke, until, withAlice } from '../support/status-list.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

const sessionIds = ({ databaseFile }: Service) => sessionsOf(databaseFile).map(({ id }) => id)

/** A service in whose database a session is over, with everything that belongs to it. */
async function withDeadSession(t: Test) {
  const clock = testClock()
  const service = await withAlice(t, { clock })
  await revoke(service, (await device(service)).refreshToken)
  clock.advance(60 * MINUTE_MS)
  return { clock, service }
}

test('it sweeps by itself when the service starts', async t => {
  const { clock, service } = await withDeadSession(t)
  t.equal(sessionIds(service).length, 1)
  const again = await restarted(t, service, { clock })
  await until(async () => linesSaying(again, 'swept').length > 0)
  t.same(sessionIds(again), [])
})

test('a database that fails is told once, and so is that it works again; the janitor goes on', {
  skip: notOnPostgres('the timers of the test are those of its pool, too'),
}, async t => {
  const broken = { is: false, reads: 0 }
  const read = aroundReads((store, call) => {
    if (!broken.is || store !== 'sessions') return call()
    broken.reads += 1
    return Promise.reject(new StorageUnavailable('away'))
  })
  const { clock, service } = await withDeadSession(t)
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  broken.is = true
  const again = await restarted(t, service, { clock, faults: { read } })
  const tickUntil = async (isSo: () => boolean) => {
    for (let turn = 0; turn < 100_000 && !isSo(); turn += 1) {
      mock.timers.tick(1000)
      await nextTurn()
    }
    t.ok(isSo())
  }
  await tickUntil(() => broken.reads >= 3)
  const [told, ...more] = linesSaying(again, 'the janitor')
  t.match(told, { level: 'warn', msg: /could not remove/, err: { message: 'away' } })
  t.same(more, [])
  broken.is = false
  await tickUntil(() => linesSaying(again, 'the janitor').length === 2)
  t.match(linesSaying(again, 'the janitor')[1], { level: 'info', msg: 'the janitor works again' })
  t.same(sessionIds(again), [])
})

/** Adds sessions that are over to the database. */
function addDead({ databaseFile }: Service, nowMs: number, count: number): void {
  const [row = {}] = select(databaseFile, 'select * from sessions')
  const names = Object.keys(row)
  const dead = { ended_at_ms: nowMs - 1, handle_hash: null, status_last_expiry_ms: nowMs - DAY_MS }
  changeEach(
    databaseFile,
    `insert into sessions (${names}) values (${names.map(() => '?')})`,
    Array.from({ length: count }, (_, at) => Object.values({ ...row, ...dead, id: `session_${at}` })),
  )
}

test('a service that stops waits for the batch under way, and not for all that there is to remove', async t => {
  const { clock, service } = await withDeadSession(t)
  addDead(service, clock.now(), 1000)
  const hold = createHold()
  const write =
    (real: Write): Write =>
    work =>
      hold.pass(() => real(work))
  hold.close()
  const again = await restarted(t, service, { clock, faults: { write } })
  await hold.waiting(1)
  const stopped = again.stop()
  hold.open()
  await stopped
  t.equal(select(again.databaseFile, 'select id from sessions').length, 1001)
})

test('requests are answered while thousands of rows are removed, a few at a time', async t => {
  const MANY = 6000
  const batches: number[] = []
  const write =
    (real: Write): Write =>
    work =>
      real(({ sessions, revocations, credentials, ...stores }) =>
        work({
          ...stores,
          sessions: {
            ...sessions,
            removeExpired: (ids, moment) => {
              batches.push(ids.length)
              return sessions.removeExpired(ids, moment)
            },
          },
          credentials: {
            ...credentials,
            async removeOver(...values) {
              const removed = await credentials.removeOver(...values)
              batches.push(removed)
              return removed
            },
          },
          revocations: {
            ...revocations,
            async removeExpired(...values) {
              const removed = await revocations.removeExpired(...values)
              batches.push(removed)
              return removed
            },
          },
        }),
      )
  const clock = testClock()
  const service = await withAlice(t, { clock, faults: { write } })
  const janitor = await service.container.janitor()
  let alive = await device(service)
  addDead(service, clock.now(), MANY)
  changeEach(
    service.databaseFile,
    'insert into revocations values (?, ?, ?)',
    Array.from({ length: MANY }, (_, at) => ['any', at, clock.now()]),
  )
  const [{ id: owner } = {}] = select(service.databaseFile, 'select id from clients')
  changeEach(
    service.databaseFile,
    "insert into credentials (id, owner_id, kind, hash, created_at_ms, expires_at_ms) values (?, ?, 'api_key', 'none', 0, 1)",
    Array.from({ length: MANY }, (_, at) => [`key_${at}`, owner]),
  )

  let answered = 0
  let done = false
  const sweeping = janitor.sweep().then(swept => {
    done = true
    return swept
  })
  while (!done) {
    alive = await refreshed(service, alive)
    answered += 1
  }
  // The round that the service begins with may do some of it.
  await sweeping
  t.same(sessionIds(service), [alive.sid])
  t.same(select(service.databaseFile, "select id from credentials where kind = 'api_key'"), [])
  t.ok(answered >= 3, `${answered} refreshes meanwhile`)
  t.ok(Math.max(...batches) <= 200, 'no write is long')
})
