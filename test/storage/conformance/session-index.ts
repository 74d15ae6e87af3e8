/** The index that the tokens of a session carry, and until when: what a release of a token makes of both. */
import type { Test } from 'tap'
import type { AsRead } from '../../../src/records/session.ts'
import type { SessionStatus, UsedStatus } from '../../../src/records/status-list.ts'
import { all, type EmptyDatabase, type Engine, farMs, holds, statusOf } from './records.ts'
import { asBegun, openWithSessions, rotation } from './session-rotation.ts'

const first = statusOf(1)
const second = statusOf(2, { listId: 'list-2', leaveAtMs: farMs + 9000, lastExpiryMs: farMs + 700 })
const third = statusOf(3, { listId: 'list-3', lastExpiryMs: farMs + 900 })
const used = ({ listId, index, lastExpiryMs }: UsedStatus): UsedStatus => ({ listId, index, lastExpiryMs })
const until = (status: SessionStatus, lastExpiryMs: number): SessionStatus => ({ ...status, lastExpiryMs })

const find = async ({ read }: EmptyDatabase, name = 'one') => {
  const session = await read.sessions.find(`session_${name}`)
  return { revision: session?.revision, held: session?.held }
}

const take = ({ write }: EmptyDatabase) => write(({ sessions }) => sessions.take({ sessionId: 'session_one' }, all))

type Act = (
  database: EmptyDatabase,
  status: SessionStatus,
  isFresh: boolean,
  read?: Partial<AsRead>,
) => Promise<boolean>

/** A rotation goes on from the secret that is the current one. */
const acts: Readonly<Record<string, Act>> = {
  async 'a rotation'({ read, write }, status, isFresh, was) {
    const currentHash = (await read.sessions.findFamily('handle-one'))?.currentHash ?? ''
    const next = { ...rotation, currentHash, nextHash: `${currentHash}+` }
    return write(({ sessions }) => sessions.rotate({ ...asBegun, ...was }, next, status, isFresh))
  },
  'an extension': ({ write }, status, isFresh, was) =>
    write(({ sessions }) => sessions.extend({ ...asBegun, ...was }, status, isFresh)),
}

export function sessionIndexChecks(t: Test, engine: Engine): void {
  for (const [what, act] of Object.entries(acts)) {
    t.test(`${what} that leaves the index alone raises no revision, and the last expiry never falls`, async t => {
      const database = await openWithSessions(t, engine)
      const { lastExpiryMs } = first
      let expected = lastExpiryMs
      for (const asked of [
        lastExpiryMs - 1,
        lastExpiryMs,
        lastExpiryMs + 300,
        lastExpiryMs + 299,
        lastExpiryMs - 300,
      ]) {
        t.equal(await act(database, until(first, asked), false), true)
        expected = Math.max(expected, asked)
        t.strictSame(await find(database), { revision: 0, held: holds(until(first, expected)) }, `asked for ${asked}`)
      }
      t.strictSame(await find(database, 'two'), { revision: 0, held: holds(first) })
    })

    t.test(`${what} with a fresh index raises the revision, and what was left is known until the next one`, async t => {
      const database = await openWithSessions(t, engine)
      t.equal(await act(database, second, true), true)
      t.strictSame(await find(database), { revision: 1, held: { current: second, previousStatus: used(first) } })
      t.strictSame(await find(database, 'two'), { revision: 0, held: holds(first) })
      t.equal(await act(database, third, true, { revision: 1 }), true)
      t.strictSame(await find(database), { revision: 2, held: { current: third, previousStatus: used(second) } })
    })

    t.test(`${what} leaves the old index with its expiry as it is in the row, whatever was read`, async t => {
      const database = await openWithSessions(t, engine)
      const later = until(first, farMs + 5000)
      await database.write(({ sessions }) => sessions.extend(asBegun, later, false))
      t.equal(await act(database, second, true), true)
      t.strictSame((await find(database)).held, { current: second, previousStatus: used(later) })
    })

    t.test(`${what} with a fresh index whose tokens are over sooner says so: the old ones carry another`, async t => {
      const database = await openWithSessions(t, engine)
      const sooner = until(second, first.lastExpiryMs - 400)
      t.equal(await act(database, sooner, true), true)
      t.strictSame((await find(database)).held, { current: sooner, previousStatus: used(first) })
    })

    for (const [where, other] of Object.entries({
      'the same list': statusOf(2),
      'another list with the same number': statusOf(1, { listId: 'list-2' }),
    })) {
      t.test(`${what} with a fresh index of ${where} leaves the old one`, async t => {
        const database = await openWithSessions(t, engine)
        t.equal(await act(database, other, true), true)
        t.strictSame((await find(database)).held, { current: other, previousStatus: used(first) })
      })
    }

    t.test(
      `${what} gives a fresh index to a session whose own was taken, and raises the revision once more`,
      async t => {
        const database = await openWithSessions(t, engine)
        await take(database)
        t.equal(await act(database, second, true, { revision: 1 }), true)
        t.strictSame(await find(database), { revision: 2, held: holds(second) })
      },
    )

    t.test(`${what} keeps what was left when it leaves the index alone`, async t => {
      const database = await openWithSessions(t, engine)
      await act(database, second, true)
      const later = until(second, farMs + 5000)
      t.equal(await act(database, later, false, { revision: 1 }), true)
      t.strictSame(await find(database), { revision: 1, held: { current: later, previousStatus: used(first) } })
    })
  }

  t.test('an extension changes no secret, and neither the expiry nor the last use', async t => {
    const database = await openWithSessions(t, engine)
    const columns =
      'current_hash, previous_hash, salt, rotated_at_ms, expires_at_ms, absolute_expires_at_ms, address, user_agent, ended_at_ms, taken_at_ms'
    const rest = () => database.query(`SELECT ${columns} FROM sessions ORDER BY id`)
    const before = await rest()
    await database.write(({ sessions }) => sessions.extend(asBegun, until(first, farMs + 5000), false))
    await database.write(({ sessions }) => sessions.extend(asBegun, second, true))
    t.strictSame(await rest(), before)
  })

  t.test('an extension goes on with a session without a family', async t => {
    const database = await openWithSessions(t, engine)
    await database.query(`UPDATE sessions SET handle_hash = NULL, current_hash = NULL WHERE id = 'session_one'`)
    t.equal(await acts['an extension']?.(database, second, true), true)
    t.strictSame(await find(database), { revision: 1, held: { current: second, previousStatus: used(first) } })
  })

  t.test('of fifty extensions at once that leave the index alone all succeed, and the latest expiry stays', async t => {
    const database = await openWithSessions(t, engine)
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        acts['an extension']?.(database, until(first, farMs + 1000 + ((index * 7) % 50)), false),
      ),
    )
    t.ok(results.every(Boolean))
    t.strictSame(await find(database), { revision: 0, held: holds(until(first, farMs + 1049)) })
  })

  t.test('of fifty fresh indices at once one is given, and no other was released', async t => {
    const database = await openWithSessions(t, engine)
    const statuses = Array.from({ length: 50 }, (_, index) => statusOf(100 + index))
    const rotated = { ...rotation, nextHash: 'next' }
    const results = await Promise.all(
      statuses.map((status, index) =>
        database.write(({ sessions }) =>
          index % 2 === 0 ? sessions.extend(asBegun, status, true) : sessions.rotate(asBegun, rotated, status, true),
        ),
      ),
    )
    t.equal(results.filter(won => won).length, 1)
    const current = statuses[results.indexOf(true)]
    t.strictSame(await find(database), { revision: 1, held: { current, previousStatus: used(first) } })
  })
}
