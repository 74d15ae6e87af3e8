import type { Test } from 'tap'
import type { Rotation } from '../../../src/records/session.ts'
import type { StatusChange } from '../../../src/records/status-list.ts'
import { type EmptyDatabase, type Engine, farMs, holds, openWithParties, sessionOf, statusOf } from './records.ts'

const HOUR_MS = 3_600_000

/** One that the session `one` fits. */
export const rotation: Rotation = {
  handleHash: 'handle-one',
  currentHash: 'first-one',
  clientId: 'client_web-app',
  nextHash: 'second-one',
  salt: 'salt-one',
  nowMs: farMs,
  expiresAtMs: farMs + 5000,
  address: '192.0.2.1',
  userAgent: 'Browser/2',
}

/** The index stays as the session was inserted. */
const sameStatus: StatusChange = { before: holds(statusOf(1)), after: statusOf(1) }

async function openWithSessions(t: Test, engine: Engine): Promise<EmptyDatabase> {
  const database = await openWithParties(t, engine)
  await database.write(async ({ sessions }) => {
    await sessions.insert(sessionOf('one'))
    await sessions.insert(sessionOf('two'))
  })
  return database
}

const rotate = ({ write }: EmptyDatabase, change: Partial<Rotation> = {}) =>
  write(({ sessions }) => sessions.rotate({ ...rotation, ...change }, sameStatus))

export function sessionRotationChecks(t: Test, engine: Engine): void {
  t.test('a rotation moves the current secret to the previous one and changes no other session', async t => {
    const database = await openWithSessions(t, engine)
    const find = database.read.sessions.findByHandleHash
    const [before, other] = [await find('handle-one'), await find('handle-two')]
    t.equal(await rotate(database), true)
    t.match(await find('handle-one'), {
      ...before,
      previousHash: 'first-one',
      currentHash: 'second-one',
      salt: 'salt-one',
      expiresAtMs: rotation.expiresAtMs,
      rotatedAgoMs: Number,
    })
    t.strictSame(await find('handle-two'), other)
  })

  t.test('a rotation replaces the address and the program of the last use, also by unknown ones', async t => {
    const database = await openWithSessions(t, engine)
    const places = () => database.query('SELECT address, user_agent FROM sessions ORDER BY id')
    const two = { address: '2001:db8::1', user_agent: 'Browser/1 “x”' }
    await rotate(database)
    t.strictSame(await places(), [{ address: '192.0.2.1', user_agent: 'Browser/2' }, two])
    await rotate(database, { currentHash: 'second-one', nextHash: 'third-one', address: null, userAgent: null })
    t.strictSame(await places(), [{ address: null, user_agent: null }, two])
  })

  t.test('a second rotation forgets the generation before the previous one', async t => {
    const database = await openWithSessions(t, engine)
    await rotate(database)
    t.equal(await rotate(database, { currentHash: 'second-one', nextHash: 'third-one', salt: 'fresh' }), true)
    t.match(await database.read.sessions.findByHandleHash('handle-one'), {
      previousHash: 'second-one',
      currentHash: 'third-one',
      salt: 'fresh',
    })
  })

  const refusals: readonly (readonly [string, Partial<Rotation>])[] = [
    ['an unknown handle', { handleHash: 'handle-none' }],
    ["another family's handle", { handleHash: 'handle-two' }],
    ['a secret that is not the current one', { currentHash: 'zeroth-one' }],
    ['another client', { clientId: 'client_spa' }],
    ['the moment of expiry', { nowMs: sessionOf('one').expiresAtMs }],
    ['a moment after expiry', { nowMs: sessionOf('one').expiresAtMs + 1 }],
  ]
  for (const [what, change] of refusals) {
    t.test(`a rotation with ${what} changes nothing`, async t => {
      const database = await openWithSessions(t, engine)
      const all = () => database.query('SELECT * FROM sessions ORDER BY id')
      const before = await all()
      t.equal(await rotate(database, change), false)
      t.strictSame(await all(), before)
    })
  }

  t.test('a session rotates up to the last millisecond before its expiry', async t => {
    const database = await openWithSessions(t, engine)
    t.equal(await rotate(database, { nowMs: sessionOf('one').expiresAtMs - 1 }), true)
  })

  t.test('an ended session never rotates', async t => {
    const database = await openWithSessions(t, engine)
    await database.write(({ sessions }) => sessions.end({ sessionId: 'session_one' }, 'sign_out', farMs, 1))
    t.equal(await rotate(database), false)
    t.match(await database.read.sessions.findByHandleHash('handle-one'), { currentHash: 'first-one', salt: null })
  })

  t.test('of fifty rotations with one secret exactly one wins', async t => {
    const database = await openWithSessions(t, engine)
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) => rotate(database, { nextHash: `next-${index}`, salt: `salt-${index}` })),
    )
    t.equal(results.filter(won => won).length, 1)
    const winner = results.indexOf(true)
    t.match(await database.read.sessions.findByHandleHash('handle-one'), {
      previousHash: 'first-one',
      currentHash: `next-${winner}`,
      salt: `salt-${winner}`,
    })
  })

  if (engine.graceClock === 'injected') {
    t.test('the time since a rotation is measured by the injected clock, to the millisecond', async t => {
      const database = await openWithSessions(t, engine)
      await rotate(database)
      const ago = async () => (await database.read.sessions.findByHandleHash('handle-one'))?.rotatedAgoMs
      t.equal(await ago(), 0)
      database.clock.advance(30_001)
      t.equal(await ago(), 30_001)
      await rotate(database, { currentHash: 'second-one', nextHash: 'third-one' })
      t.equal(await ago(), 0)
    })
  } else {
    t.test("the time since a rotation is measured by the database's clock, however wrong ours is", async t => {
      const database = await openWithSessions(t, engine)
      for (const wrongMs of [HOUR_MS, -2 * HOUR_MS]) {
        database.clock.advance(wrongMs)
        const [previous = ''] = [(await database.read.sessions.findByHandleHash('handle-one'))?.currentHash]
        const beforeMs = Date.now()
        await rotate(database, { currentHash: previous, nextHash: `after ${wrongMs}` })
        database.clock.advance(2 * wrongMs)
        const agoMs = (await database.read.sessions.findByHandleHash('handle-one'))?.rotatedAgoMs ?? -1
        const atMostMs = Date.now() - beforeMs + 1
        t.ok(agoMs >= 0 && agoMs <= atMostMs, `${agoMs} ms is between 0 and ${atMostMs}`)
      }
    })
  }
}
