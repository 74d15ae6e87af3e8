import type { Test } from 'tap'
import type { HeldStatus, StatusChange, UsedStatus } from '../../../src/records/status-list.ts'
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
import { rotation } from './session-rotation.ts'

const first = statusOf(1)
const second = statusOf(2, { listId: 'list-2', leaveAtMs: farMs + 9000, lastExpiryMs: farMs + 700 })
const third = statusOf(3, { listId: 'list-3', lastExpiryMs: farMs + 900 })
/** The same index, whose tokens live longer than before. */
const firstLonger = statusOf(1, { lastExpiryMs: farMs + 800 })
const used = ({ listId, index, lastExpiryMs }: UsedStatus): UsedStatus => ({ listId, index, lastExpiryMs })

/** The sessions `one` and `two`, both with the index `first`. */
async function openWithSessions(t: Test, engine: Engine): Promise<EmptyDatabase> {
  const database = await openWithParties(t, engine)
  await database.write(async ({ sessions }) => {
    for (const name of ['one', 'two']) await sessions.insert(sessionOf(name, { status: first }))
  })
  return database
}

const held = async ({ read }: EmptyDatabase, name = 'one') => (await read.sessions.find(`session_${name}`))?.held

const takeStatus = ({ write }: EmptyDatabase) =>
  write(({ sessions }) => sessions.takeStatus({ sessionId: 'session_one' }))

/** The two acts that change an index; a rotation goes on from the secret that is the current one. */
const acts = {
  'a rotation': async ({ read, write }: EmptyDatabase, change: StatusChange) => {
    const currentHash = (await read.sessions.findByHandleHash('handle-one'))?.currentHash ?? ''
    return write(({ sessions }) => sessions.rotate({ ...rotation, currentHash, nextHash: `${currentHash}+` }, change))
  },
  setStatus: ({ write }: EmptyDatabase, change: StatusChange) =>
    write(({ sessions }) => sessions.setStatus('session_one', change)),
}

export function sessionStatusChecks(t: Test, engine: Engine): void {
  for (const [what, act] of Object.entries(acts)) {
    t.test(`${what} that keeps the index makes it live longer, and leaves none`, async t => {
      const database = await openWithSessions(t, engine)
      t.equal(await act(database, { before: holds(first), after: firstLonger }), true)
      t.strictSame(await held(database), holds(firstLonger))
      t.strictSame(await held(database, 'two'), holds(first))
    })

    t.test(`${what} that moves a session remembers the index that was left, until the next move`, async t => {
      const database = await openWithSessions(t, engine)
      t.equal(await act(database, { before: holds(first), after: second }), true)
      const moved = { current: second, previousStatus: used(first) }
      t.strictSame(await held(database), moved)
      t.strictSame(await held(database, 'two'), holds(first))

      const secondLonger = { ...second, lastExpiryMs: farMs + 777 }
      t.equal(await act(database, { before: moved, after: secondLonger }), true)
      const stayed = { current: secondLonger, previousStatus: used(first) }
      t.strictSame(await held(database), stayed)

      t.equal(await act(database, { before: stayed, after: third }), true)
      t.strictSame(await held(database), { current: third, previousStatus: used(secondLonger) })
    })

    for (const [where, other] of Object.entries({
      'the same list': statusOf(2),
      'another list with the same number': statusOf(1, { listId: 'list-2' }),
    })) {
      t.test(`${what} that moves a session to ${where} leaves the old index`, async t => {
        const database = await openWithSessions(t, engine)
        t.equal(await act(database, { before: holds(first), after: other }), true)
        t.strictSame(await held(database), { current: other, previousStatus: used(first) })
      })
    }

    t.test(`${what} gives a fresh index to a session whose own was taken`, async t => {
      const database = await openWithSessions(t, engine)
      await takeStatus(database)
      t.equal(await act(database, { before: nothing, after: second }), true)
      t.strictSame(await held(database), holds(second))
    })

    t.test(`${what} that gives a fresh index keeps the one that was left before`, async t => {
      const database = await openWithSessions(t, engine)
      await takeStatus(database)
      const previousStatus = used(third)
      const columns = `left_list_id = 'list-3', left_index = 3, left_last_expiry_ms = ${previousStatus.lastExpiryMs}`
      await database.query(`UPDATE sessions SET ${columns} WHERE id = 'session_one'`)
      t.strictSame(await held(database), { current: undefined, previousStatus })
      t.equal(await act(database, { before: { current: undefined, previousStatus }, after: second }), true)
      t.strictSame(await held(database), { current: second, previousStatus })
    })

    const misread: Record<string, HeldStatus> = {
      'another index of the list': holds(statusOf(2)),
      'the same index of another list': holds(statusOf(1, { listId: 'list-2' })),
      'no index': nothing,
      'tokens that expire earlier than they do': holds({ ...first, lastExpiryMs: first.lastExpiryMs - 1 }),
    }
    for (const [read, before] of Object.entries(misread)) {
      for (const [does, after] of Object.entries({ keep: before.current, move: third })) {
        if (after === undefined) continue
        t.test(`${what} changes nothing when the row was read with ${read} (to ${does} it)`, async t => {
          const database = await openWithSessions(t, engine)
          const all = () => database.query('SELECT * FROM sessions ORDER BY id')
          const rows = await all()
          t.equal(await act(database, { before, after }), false)
          t.strictSame(await all(), rows)
        })
      }
    }

    for (const [does, after] of Object.entries({ keep: first, move: third })) {
      t.test(`${what} changes nothing when the index was taken since (to ${does} it)`, async t => {
        const database = await openWithSessions(t, engine)
        await takeStatus(database)
        const all = () => database.query('SELECT * FROM sessions ORDER BY id')
        const rows = await all()
        t.equal(await act(database, { before: holds(first), after }), false)
        t.strictSame(await all(), rows)
      })
    }
  }

  t.test('setStatus changes no secret and no expiry, and the time of the last use stays', async t => {
    const database = await openWithSessions(t, engine)
    const columns = 'current_hash, previous_hash, salt, rotated_at_ms, expires_at_ms, address, user_agent'
    const rest = () => database.query(`SELECT ${columns} FROM sessions ORDER BY id`)
    const before = await rest()
    await acts.setStatus(database, { before: holds(first), after: second })
    t.strictSame(await rest(), before)
  })

  t.test('setStatus changes nothing of a session that ended or does not exist', async t => {
    const database = await openWithSessions(t, engine)
    await database.write(({ sessions }) => sessions.end({ sessionId: 'session_one' }, 'now', farMs, 1))
    const change = { before: holds(first), after: second }
    t.equal(await acts.setStatus(database, change), false)
    t.equal(await database.write(({ sessions }) => sessions.setStatus('session_none', change)), false)
    t.strictSame(await held(database), holds(first))
  })

  t.test('of fifty moves of one session one wins, and what it left is known', async t => {
    const database = await openWithSessions(t, engine)
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        acts.setStatus(database, { before: holds(first), after: statusOf(100 + index) }),
      ),
    )
    t.equal(results.filter(won => won).length, 1)
    t.strictSame(await held(database), { current: statusOf(100 + results.indexOf(true)), previousStatus: used(first) })
  })
}
