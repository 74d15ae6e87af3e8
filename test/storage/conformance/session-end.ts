import type { Test } from 'tap'
import type { SessionFilter } from '../../../src/records/session.ts'
import type { HeldStatus } from '../../../src/records/status-list.ts'
import { type EmptyDatabase, type Engine, farMs, holds, nothing, statusOf } from './records.ts'
import { type Device, openWithDevices, statusOfDevice, ways } from './which-sessions.ts'

const ANY = 100

const end = ({ write }: EmptyDatabase, which: SessionFilter, limit = ANY) =>
  write(({ sessions }) => sessions.end(which, 'now', farMs, limit))

/** The sessions that ended, with time and reason. */
const ended = async ({ query }: EmptyDatabase) => {
  const rows = await query('SELECT id, ended_at_ms, end_reason FROM sessions WHERE ended_at_ms IS NOT NULL ORDER BY id')
  return rows.map(row => [row['id'], row['ended_at_ms'], row['end_reason']])
}

const now = (device: Device) => [`session_${device}`, farMs, 'now']
const allEnded = (...devices: readonly Device[]) =>
  [['session_ended', farMs - 1, 'earlier'], ...devices.map(now)].toSorted()

/** In one order: a database may answer in any. */
const indices = (held: readonly HeldStatus[]) => held.map(({ current }) => current?.index ?? -1).toSorted()
const indicesOf = (devices: readonly Device[]) => devices.map(device => statusOfDevice(device).index).toSorted()

export function sessionEndChecks(t: Test, engine: Engine): void {
  for (const [way, which, meant] of ways) {
    t.test(`an end reaches exactly what is meant: ${way}`, async t => {
      const database = await openWithDevices(t, engine)
      t.strictSame(indices(await end(database, which)), indicesOf(meant))
      t.strictSame(await ended(database), allEnded(...meant))
    })
  }

  t.test('who forgets to say which sessions reaches none: everybody has to be asked for', async t => {
    const database = await openWithDevices(t, engine)
    const before = await database.query('SELECT * FROM sessions ORDER BY id')
    const none: readonly SessionFilter[] = [{}, { userId: undefined, sessionId: undefined, all: undefined }]
    const acts: Readonly<Record<string, (which: SessionFilter) => Promise<unknown>>> = {
      end: which => end(database, which),
      take: which => database.write(({ sessions }) => sessions.takeStatus(which)),
      list: which => database.read.sessions.list(which, farMs),
    }
    // The second time, too: what was prepared once is kept.
    for (const which of none)
      for (const [title, act] of Object.entries(acts))
        for (const time of [1, 2])
          await t.rejects(act(which), { message: 'Nobody said which sessions.' }, `${title}, time ${time}`)
    t.strictSame(await database.query('SELECT * FROM sessions ORDER BY id'), before)
  })

  t.test('a session ends once, and keeps the time and the reason of its first end', async t => {
    const database = await openWithDevices(t, engine)
    const again = () => database.write(({ sessions }) => sessions.end({ all: true }, 'again', farMs + 1, ANY))
    t.equal((await end(database, { userId: 'user_alice' })).length, 4)
    t.equal((await again()).length, 2)
    t.strictSame(await again(), [])
    const alice = (await ended(database)).filter(([, endedAtMs]) => endedAtMs === farMs)
    t.strictSame(alice, [now('expired'), now('laptop'), now('phone'), now('tablet')])
    t.equal((await database.read.sessions.find('session_phone'))?.endedAtMs, farMs)
    t.equal((await database.read.sessions.findByHandleHash('handle-phone'))?.endedAtMs, farMs)
  })

  t.test('an end takes no more than its limit, and the next ones take the rest, none of them twice', async t => {
    const database = await openWithDevices(t, engine)
    const taken: number[] = []
    for (const expected of [2, 2, 0]) {
      const held = await end(database, { userId: 'user_alice' }, 2)
      t.equal(held.length, expected)
      taken.push(...indices(held))
      t.equal((await ended(database)).length, 1 + taken.length)
    }
    t.strictSame(taken.toSorted(), indicesOf(['phone', 'laptop', 'tablet', 'expired']))
  })

  t.test('of many ends at once, each session is ended by one', async t => {
    const database = await openWithDevices(t, engine)
    const held = await Promise.all(Array.from({ length: 10 }, () => end(database, { userId: 'user_alice' }, 3)))
    t.strictSame(indices(held.flat()), indicesOf(['phone', 'laptop', 'tablet', 'expired']))
  })

  t.test('an end answers all that the rows hold, and leaves it there', async t => {
    const database = await openWithDevices(t, engine)
    const before = holds(statusOfDevice('phone'))
    const after = statusOf(77, { listId: 'list-2' })
    await database.write(async ({ sessions }) => {
      await sessions.setStatus('session_phone', { before, after })
      await sessions.takeStatus({ sessionId: 'session_laptop' })
    })
    const { leaveAtMs: _, ...previousStatus } = statusOfDevice('phone')
    const expected = {
      phone: { current: after, previousStatus },
      laptop: nothing,
      tablet: holds(statusOfDevice('tablet')),
    }
    for (const [device, held] of Object.entries(expected)) {
      t.strictSame(await end(database, { sessionId: `session_${device}` }), [held], device)
      t.strictSame((await database.read.sessions.find(`session_${device}`))?.held, held, device)
    }
  })

  t.test('a disabled and a deleted client are found while they have sessions that did not end', async t => {
    const database = await openWithDevices(t, engine)
    const found = async () =>
      (await database.read.sessions.findLeftOver()).map(({ clientId, reason }) => `${clientId} ${reason}`).toSorted()
    t.strictSame(await found(), [])
    await database.write(async ({ clients }) => {
      await clients.setStatus('client_web-app', 'disabled')
      await clients.setStatus('client_spa', 'deleted')
    })
    t.strictSame(await found(), ['client_spa client_deleted', 'client_web-app client_disabled'])
    await end(database, { clientId: 'client_spa', userId: 'user_bob' })
    t.strictSame(await found(), ['client_spa client_deleted', 'client_web-app client_disabled'])
    await end(database, { clientId: 'client_spa' })
    t.strictSame(await found(), ['client_web-app client_disabled'])
    await end(database, { clientId: 'client_web-app' })
    t.strictSame(await found(), [])
  })
}
