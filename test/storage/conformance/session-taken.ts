import type { Test } from 'tap'
import type { SessionFilter } from '../../../src/records/session.ts'
import type { StatusReference } from '../../../src/records/status-list.ts'
import type { Readers } from '../../../src/records/unit-of-work.ts'
import { all, type EmptyDatabase, type Engine, farMs, holds, nothing, statusOf, undone } from './records.ts'
import { asBegun } from './session-rotation.ts'
import { devices, openWithDevices, statusOfDevice, ways } from './which-sessions.ts'

const take = ({ write }: EmptyDatabase, which: SessionFilter, takenAtMs?: number) =>
  write(({ sessions }) => sessions.take(which, all, takenAtMs))

const found = async (readers: Readers) => {
  const found: Record<string, unknown> = {}
  for (const device of devices) {
    const session = await readers.sessions.find(`session_${device}`)
    found[device] = { held: session?.held, revision: session?.revision, takenAtMs: session?.takenAtMs }
  }
  return found
}

const phone = { sessionId: 'session_phone' }

export function takenIndexChecks(t: Test, engine: Engine): void {
  t.test('the index is taken from exactly those that are meant, and answered in the order of the ids', async t => {
    const database = await openWithDevices(t, engine)
    const before = await found(database.read)
    for (const [way, which, meant] of ways) {
      const inOrder = meant.toSorted()
      const { changed, after } = await undone(database, async stores => ({
        changed: await stores.sessions.take(which, all),
        after: await found(stores),
      }))
      t.strictSame(
        changed.ids,
        inOrder.map(device => `session_${device}`),
        way,
      )
      t.strictSame(
        changed.held,
        inOrder.map(device => holds(statusOfDevice(device))),
        way,
      )
      const taken = { held: nothing, revision: 1, takenAtMs: null }
      t.strictSame(after, { ...before, ...Object.fromEntries(meant.map(device => [device, taken])) }, way)
    }
  })

  t.test('the index that was left before is taken, too, and no second time', async t => {
    const database = await openWithDevices(t, engine)
    const after = statusOf(77, { listId: 'list-2' })
    await database.write(({ sessions }) => sessions.extend({ ...asBegun, ...phone }, after, true))
    const { leaveAtMs: _, ...previousStatus } = statusOfDevice('phone')
    t.strictSame((await take(database, phone)).held, [{ current: after, previousStatus }])
    t.strictSame((await take(database, phone)).held, [nothing])
  })

  t.test('a session is found also by the index that it left, as long as it holds that', async t => {
    const database = await openWithDevices(t, engine)
    const { leaveAtMs: _, lastExpiryMs: __, ...left } = statusOfDevice('phone')
    const second = statusOf(77, { listId: 'list-2' })
    const third = statusOf(78, { listId: 'list-3' })
    const read = { ...asBegun, ...phone }
    const takenWith = (holds: StatusReference) =>
      undone(database, async ({ sessions }) => (await sessions.take({ ...phone, holds }, all)).ids.length)
    await database.write(({ sessions }) => sessions.extend(read, second, true))
    t.strictSame([await takenWith(left), await takenWith(second)], [1, 1])
    await database.write(({ sessions }) => sessions.extend({ ...read, revision: 1 }, third, true))
    t.strictSame([await takenWith(left), await takenWith(second), await takenWith(third)], [0, 1, 1])
    await take(database, phone)
    t.strictSame([await takenWith(second), await takenWith(third)], [0, 0])
  })

  t.test('a take raises the revision also of a session that holds no index', async t => {
    const database = await openWithDevices(t, engine)
    for (const revision of [1, 2, 3]) {
      t.strictSame((await take(database, phone)).ids, ['session_phone'])
      t.match(await database.read.sessions.find('session_phone'), { revision, held: nothing })
    }
  })

  t.test('the time is that of the last take because of an access token', async t => {
    const database = await openWithDevices(t, engine)
    const takenAtMs = async () => (await database.read.sessions.find('session_phone'))?.takenAtMs
    t.equal(await takenAtMs(), null)
    await take(database, phone, farMs)
    t.equal(await takenAtMs(), farMs)
    await take(database, phone)
    t.equal(await takenAtMs(), farMs, 'one that has another reason')
    await take(database, phone, farMs + 1)
    t.equal(await takenAtMs(), farMs + 1)
    t.equal((await database.read.sessions.find('session_laptop'))?.takenAtMs, null)
  })

  t.test('a session goes on without its index: nothing else of it changes', async t => {
    const database = await openWithDevices(t, engine)
    const columns = 'current_hash, salt, rotated_at_ms, expires_at_ms, ended_at_ms, end_reason, address, user_agent'
    const rest = () => database.query(`SELECT ${columns} FROM sessions ORDER BY id`)
    const before = await rest()
    await take(database, { exceptSessionId: 'session_none' })
    t.strictSame(await rest(), before)
  })

  t.test('of many takes at once each index is answered once, and each raises the revision', async t => {
    const database = await openWithDevices(t, engine)
    const batches = await Promise.all(Array.from({ length: 10 }, () => take(database, { clientId: 'client_spa' })))
    const held = batches.flatMap(batch => batch.held).filter(({ current }) => current !== undefined)
    t.equal(held.length, 4)
    t.match(await database.read.sessions.find('session_watch'), { revision: 10, held: nothing })
  })

  t.test('a session whose index was taken ends like any other, with nothing more to revoke', async t => {
    const database = await openWithDevices(t, engine)
    await take(database, phone)
    const { held } = await database.write(({ sessions }) => sessions.end(phone, all, 'now', farMs))
    t.strictSame(held, [nothing])
  })
}
