import type { Test } from 'tap'
import { type EmptyDatabase, type Engine, farMs, openWithParties, sessionOf } from './records.ts'

/** Sessions of alice and bob through both clients; one had ended before and one has expired. */
async function openWithSessions(t: Test, engine: Engine): Promise<EmptyDatabase> {
  const database = await openWithParties(t, engine)
  await database.write(async ({ sessions }) => {
    for (const [user, client] of [
      ['alice', 'web-app'],
      ['alice', 'spa'],
      ['bob', 'web-app'],
      ['bob', 'spa'],
    ]) {
      await sessions.insert(sessionOf(`${user}-${client}`, { userId: `user_${user}`, clientId: `client_${client}` }))
    }
    await sessions.insert(sessionOf('ended'))
    await sessions.end('session_ended', 'earlier', farMs - 1)
    await sessions.insert(sessionOf('expired', { expiresAtMs: farMs }))
  })
  return database
}

/** The sessions that ended, with time and reason. */
const ended = async ({ query }: EmptyDatabase) => {
  const rows = await query('SELECT id, ended_at_ms, end_reason FROM sessions WHERE ended_at_ms IS NOT NULL ORDER BY id')
  return rows.map(row => [row['id'], row['ended_at_ms'], row['end_reason']])
}

const earlier = ['session_ended', farMs - 1, 'earlier']
const now = (name: string) => [`session_${name}`, farMs, 'now']

export function sessionEndChecks(t: Test, engine: Engine): void {
  t.test('a session ends once, and keeps the time and the reason of its first end', async t => {
    const database = await openWithSessions(t, engine)
    const end = (id: string) => database.write(({ sessions }) => sessions.end(id, 'now', farMs))
    t.equal(await end('session_alice-spa'), true)
    t.equal(await database.write(({ sessions }) => sessions.end('session_alice-spa', 'again', farMs + 1)), false)
    t.equal(await end('session_ended'), false)
    t.equal(await end('session_expired'), false)
    t.equal(await end('session_none'), false)
    t.strictSame(await ended(database), [now('alice-spa'), earlier])
    t.equal((await database.read.sessions.findByHandleHash('handle-alice-spa'))?.endedAtMs, farMs)
  })

  t.test("ending a user's sessions ends what is alive in every client, and counts it", async t => {
    const database = await openWithSessions(t, engine)
    const end = () => database.write(({ sessions }) => sessions.endAllOfUser('user_alice', 'now', farMs))
    t.equal(await end(), 2)
    t.equal(await end(), 0)
    t.strictSame(await ended(database), [now('alice-spa'), now('alice-web-app'), earlier])
  })

  t.test("ending a client's sessions ends what is alive for every user, and counts it", async t => {
    const database = await openWithSessions(t, engine)
    const end = () => database.write(({ sessions }) => sessions.endAllOfClient('client_web-app', 'now', farMs))
    t.equal(await end(), 2)
    t.equal(await end(), 0)
    t.strictSame(await ended(database), [now('alice-web-app'), now('bob-web-app'), earlier])
  })

  t.test('nobody has sessions who has none', async t => {
    const database = await openWithSessions(t, engine)
    t.equal(await database.write(({ sessions }) => sessions.endAllOfUser('client_web-app', 'now', farMs)), 0)
    t.equal(await database.write(({ sessions }) => sessions.endAllOfClient('user_alice', 'now', farMs)), 0)
    t.strictSame(await ended(database), [earlier])
  })
}
