import type { Test } from 'tap'
import type { SessionFilter } from '../../../src/records/session.ts'
import { all, type EmptyDatabase, type Engine, farMs, holds, nothing, statusOf, undone } from './records.ts'
import { asBegun } from './session-rotation.ts'
import { type Device, devices, openWithDevices, statusOfDevice, ways } from './which-sessions.ts'

const end = ({ write }: EmptyDatabase, which: SessionFilter, limit = all.limit) =>
  write(({ sessions }) => sessions.end(which, { afterId: '', limit }, 'now', farMs))

/** The sessions that ended, with time and reason. */
const ended = async ({ query }: EmptyDatabase) => {
  const rows = await query('SELECT id, ended_at_ms, end_reason FROM sessions WHERE ended_at_ms IS NOT NULL ORDER BY id')
  return rows.map(row => [row['id'], row['ended_at_ms'], row['end_reason']])
}

const idOf = (device: Device) => `session_${device}`
const now = (device: Device) => [idOf(device), farMs, 'now']
const allEnded = (...devices: readonly Device[]) =>
  [['session_ended', farMs - 1, 'earlier'], ...devices.map(now)].toSorted()

const ofAlice: readonly Device[] = ['drone', 'expired', 'laptop', 'phone', 'robot', 'tablet']

export function sessionEndChecks(t: Test, engine: Engine): void {
  t.test('an end reaches exactly what is meant, in the order of the ids', async t => {
    const database = await openWithDevices(t, engine)
    for (const [way, which, meant] of ways) {
      const inOrder = meant.toSorted()
      const { changed, over } = await undone(database, async ({ sessions }) => {
        const changed = await sessions.end(which, all, 'now', farMs)
        const over: string[] = []
        for (const device of devices) if ((await sessions.find(idOf(device)))?.endedAtMs === farMs) over.push(device)
        return { changed, over }
      })
      t.strictSame(changed.ids, inOrder.map(idOf), way)
      t.strictSame(
        changed.held,
        inOrder.map(device => holds(statusOfDevice(device))),
        way,
      )
      t.strictSame(over.toSorted(), inOrder, way)
    }
  })

  t.test('a session ends once, and keeps the time and the reason of its first end', async t => {
    const database = await openWithDevices(t, engine)
    const again = () =>
      database.write(({ sessions }) => sessions.end({ exceptSessionId: 'session_none' }, all, 'again', farMs + 1))
    t.strictSame((await end(database, { subjectId: 'user_alice' })).ids, ofAlice.map(idOf))
    t.strictSame((await again()).ids, ['session_agent', 'session_desktop', 'session_job', 'session_watch'])
    t.strictSame(await again(), { ids: [], held: [] })
    const alice = (await ended(database)).filter(([, endedAtMs]) => endedAtMs === farMs)
    t.strictSame(alice, ofAlice.map(now))
    t.equal((await database.read.sessions.find('session_phone'))?.endedAtMs, farMs)
    t.equal((await database.read.sessions.findFamily('handle-phone'))?.endedAtMs, farMs)
  })

  t.test('an end changes nothing else of a session', async t => {
    const database = await openWithDevices(t, engine)
    const rows = () => database.query('SELECT * FROM sessions ORDER BY id')
    const before = await rows()
    await end(database, { sessionId: 'session_phone' })
    const changed = { ended_at_ms: farMs, end_reason: 'now' }
    t.strictSame(
      await rows(),
      before.map(row => (row['id'] === 'session_phone' ? { ...row, ...changed } : row)),
    )
  })

  t.test('who asks again from the beginning ends the rest, batch by batch', async t => {
    const database = await openWithDevices(t, engine)
    const batches: (readonly string[])[] = []
    for (let count = 0; count < 4; count += 1) batches.push((await end(database, { subjectId: 'user_alice' }, 4)).ids)
    t.strictSame(batches, [ofAlice.slice(0, 4).map(idOf), ofAlice.slice(4).map(idOf), [], []])
  })

  t.test('of many ends at once, each session is ended by one', async t => {
    const database = await openWithDevices(t, engine)
    const batches = await Promise.all(Array.from({ length: 10 }, () => end(database, { subjectId: 'user_alice' }, 3)))
    t.strictSame(batches.flatMap(({ ids }) => ids).toSorted(), ofAlice.map(idOf))
    t.strictSame(await ended(database), allEnded(...ofAlice))
  })

  t.test('an end answers all that the rows hold, and leaves it there', async t => {
    const database = await openWithDevices(t, engine)
    const after = statusOf(77, { listId: 'list-2' })
    await database.write(async ({ sessions }) => {
      await sessions.extend({ ...asBegun, sessionId: 'session_phone' }, after, true)
      await sessions.take({ sessionId: 'session_laptop' }, all)
    })
    const { leaveAtMs: _, ...previousStatus } = statusOfDevice('phone')
    const expected = {
      phone: { current: after, previousStatus },
      laptop: nothing,
      tablet: holds(statusOfDevice('tablet')),
    }
    for (const [device, held] of Object.entries(expected)) {
      t.strictSame((await end(database, { sessionId: `session_${device}` })).held, [held], device)
      t.strictSame((await database.read.sessions.find(`session_${device}`))?.held, held, device)
    }
  })
}
