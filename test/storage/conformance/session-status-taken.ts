import type { Test } from 'tap'
import type { HeldStatus } from '../../../src/records/status-list.ts'
import {
  type EmptyDatabase,
  type Engine,
  farMs,
  holds,
  nothing,
  openWithParties,
  sessionOf,
  statusOf,
} from './records.ts'
import { devices, openWithDevices, statusOfDevice, ways } from './which-sessions.ts'

/** SQLite has room for 32,766 values in a statement, PostgreSQL for 65,535. */
const MANY = 66_000

const heldByAll = async ({ read }: EmptyDatabase) => {
  const all: Record<string, HeldStatus | undefined> = {}
  for (const device of devices) all[device] = (await read.sessions.find(`session_${device}`))?.held
  return all
}

const byIndex = (a: HeldStatus, b: HeldStatus) => (a.current?.index ?? -1) - (b.current?.index ?? -1)

export function takenStatusChecks(t: Test, engine: Engine): void {
  for (const [way, which, meant] of ways) {
    t.test(`the index is taken from exactly those that are meant, and answered: ${way}`, async t => {
      const database = await openWithDevices(t, engine)
      const before = await heldByAll(database)
      const taken = await database.write(({ sessions }) => sessions.takeStatus(which))
      t.strictSame(taken.toSorted(byIndex), meant.map(device => holds(statusOfDevice(device))).toSorted(byIndex))
      t.strictSame(await heldByAll(database), {
        ...before,
        ...Object.fromEntries(meant.map(device => [device, nothing])),
      })
    })
  }

  t.test('the index that was left before is taken, too, and no second time', async t => {
    const database = await openWithDevices(t, engine)
    const take = () => database.write(({ sessions }) => sessions.takeStatus({ sessionId: 'session_phone' }))
    const before = holds(statusOfDevice('phone'))
    const after = statusOf(77, { listId: 'list-2' })
    await database.write(({ sessions }) => sessions.setStatus('session_phone', { before, after }))
    const { leaveAtMs: _, ...previousStatus } = statusOfDevice('phone')
    t.strictSame(await take(), [{ current: after, previousStatus }])
    t.strictSame(await take(), [nothing])
    t.strictSame((await heldByAll(database))['phone'], nothing)
  })

  t.test('the rows are reached in the order of their ids, so that two works never wait for each other', async t => {
    const { write } = await openWithParties(t, engine)
    const ids = [3, 1, 4, 2]
    await write(async ({ sessions }) => {
      for (const id of ids) await sessions.insert(sessionOf(String(id), { status: statusOf(id) }))
    })
    for (const which of [{ userId: 'user_alice' }, { clientId: 'client_web-app' }, { all: true } as const]) {
      const taken = await write(async ({ sessions }) => {
        const held = await sessions.takeStatus(which)
        for (const id of ids)
          await sessions.setStatus(`session_${id}`, { before: nothing, after: statusOf(id, { listId: 'list-2' }) })
        return held
      })
      t.strictSame(
        taken.map(({ current }) => current?.index),
        [1, 2, 3, 4],
      )
    }
  })

  t.test('more are reached than a statement has room for', async t => {
    const { query, write } = await openWithParties(t, engine)
    await write(({ sessions }) => sessions.insert(sessionOf('0', { family: undefined, status: statusOf(0) })))
    const [row = {}] = await query('SELECT * FROM sessions')
    const names = Object.keys(row)
    const values = names.map(name =>
      name === 'id' ? `'session_' || number` : name === 'status_index' ? 'number' : name,
    )
    await query(
      `WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ${MANY})
       INSERT INTO sessions (${names}) SELECT ${values} FROM sessions, numbers`,
    )
    const taken = await write(({ sessions }) => sessions.takeStatus({ userId: 'user_alice' }))
    t.equal(new Set(taken.map(({ current }) => current?.index)).size, MANY + 1)
    t.strictSame(await query('SELECT id FROM sessions WHERE status_index IS NOT NULL'), [])
  })

  t.test('a session goes on without its index: nothing else of it changes', async t => {
    const { query, write } = await openWithDevices(t, engine)
    const columns = 'current_hash, salt, rotated_at_ms, expires_at_ms, ended_at_ms, end_reason, address, user_agent'
    const rest = () => query(`SELECT ${columns} FROM sessions ORDER BY id`)
    const before = await rest()
    await write(({ sessions }) => sessions.takeStatus({ all: true }))
    t.strictSame(await rest(), before)
  })

  t.test('a session whose index was taken ends like any other, with nothing more to revoke', async t => {
    const { write } = await openWithDevices(t, engine)
    const which = { sessionId: 'session_phone' }
    await write(({ sessions }) => sessions.takeStatus(which))
    t.strictSame(await write(({ sessions }) => sessions.end(which, 'now', farMs, 1)), [nothing])
  })
}
