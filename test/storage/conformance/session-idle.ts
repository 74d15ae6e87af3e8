import type { Test } from 'tap'
import type { NewSession } from '../../../src/records/session.ts'
import { all, type EmptyDatabase, type Engine, farMs, openWithParties, sessionOf } from './records.ts'

const findIdle = ({ write }: EmptyDatabase, keep: number, limit = 100) =>
  write(({ sessions }) => sessions.findIdle('user_alice', 'client_web-app', keep, farMs, limit))

/** Alice's through web-app, and others that do not count; `a` and `b` were used at the same moment. */
async function openWithUsed(t: Test, engine: Engine): Promise<EmptyDatabase> {
  const database = await openWithParties(t, engine)
  const sessions: Record<string, Partial<NewSession>> = {
    old: { createdAtMs: farMs - 50 },
    b: { createdAtMs: farMs - 20 },
    a: { createdAtMs: farMs - 20 },
    new: { createdAtMs: farMs - 10 },
    refreshed: { createdAtMs: farMs - 99 },
    last: { createdAtMs: farMs - 5, expiresAtMs: farMs + 1 },
    ended: { createdAtMs: farMs - 70 },
    expired: { createdAtMs: farMs - 70, expiresAtMs: farMs },
    "another user's": { createdAtMs: farMs - 70, subjectId: 'user_bob' },
    "another client's": { createdAtMs: farMs - 70, clientId: 'client_spa' },
  }
  await database.write(async stores => {
    for (const [name, more] of Object.entries(sessions)) await stores.sessions.insert(sessionOf(name, more))
    await stores.sessions.end({ sessionId: 'session_ended' }, all, 'earlier', farMs - 1)
  })
  await database.query(`UPDATE sessions SET rotated_at_ms = ${farMs - 15} WHERE id = 'session_refreshed'`)
  return database
}

const byUse = ['last', 'new', 'refreshed', 'a', 'b', 'old'].map(name => `session_${name}`)

export function idleSessionChecks(t: Test, engine: Engine): void {
  t.test(
    'those used longest ago are idle, however many are to be kept, and come in the order of their ids',
    async t => {
      const database = await openWithUsed(t, engine)
      for (let keep = 0; keep <= byUse.length; keep += 1) {
        t.strictSame(await findIdle(database, keep), byUse.slice(keep).toSorted(), `keeping ${keep}`)
      }
    },
  )

  t.test('nobody has too many who has fewer than are kept', async t => {
    const database = await openWithUsed(t, engine)
    t.strictSame(await findIdle(database, byUse.length + 1), [])
    t.strictSame(await findIdle(database, 1_000_000), [])
  })

  t.test('of more than the limit, the idlest are found', async t => {
    const database = await openWithUsed(t, engine)
    for (let limit = 1; limit <= byUse.length; limit += 1)
      t.strictSame(await findIdle(database, 1, limit), byUse.slice(1).slice(-limit).toSorted(), `limit ${limit}`)
  })

  t.test('the sign-in of the same work counts', async t => {
    const { write } = await openWithParties(t, engine)
    const idle = await write(async ({ sessions }) => {
      await sessions.insert(sessionOf('one'))
      return sessions.findIdle('user_alice', 'client_web-app', 0, farMs, 100)
    })
    t.strictSame(idle, ['session_one'])
  })
}
