import type { Test } from 'tap'
import type { AsRead, Rotation } from '../../../src/records/session.ts'
import { type EmptyDatabase, type Engine, farMs, openWithParties, sessionOf, statusOf } from './records.ts'

const HOUR_MS = 3_600_000

/** The session `one` as it is when it has just begun. */
export const asBegun: AsRead = {
  sessionId: 'session_one',
  revision: 0,
  subjectId: 'user_alice',
  clientId: 'client_web-app',
  clientRevision: 0,
  subjectRevision: null,
  nowMs: farMs,
}

/** One that the session `one` fits. */
export const rotation: Rotation = {
  currentHash: 'first-one',
  nextHash: 'second-one',
  salt: 'salt-one',
  expiresAtMs: farMs + 5000,
  absoluteExpiresAtMs: farMs + 6000,
  address: '192.0.2.1',
  userAgent: 'Browser/2',
}

/** The sessions `one` and `two`, both with the index of `statusOf(1)`. */
export async function openWithSessions(t: Test, engine: Engine): Promise<EmptyDatabase> {
  const database = await openWithParties(t, engine)
  await database.write(async ({ sessions }) => {
    await sessions.insert(sessionOf('one'))
    await sessions.insert(sessionOf('two'))
  })
  return database
}

const rotate = ({ write }: EmptyDatabase, change: Partial<Rotation> = {}) =>
  write(({ sessions }) => sessions.rotate(asBegun, { ...rotation, ...change }, statusOf(1), false))

export function sessionRotationChecks(t: Test, engine: Engine): void {
  t.test('a rotation moves the current secret to the previous one and changes no other session', async t => {
    const database = await openWithSessions(t, engine)
    const find = database.read.sessions.findFamily
    const [before, other] = [await find('handle-one'), await find('handle-two')]
    t.equal(await rotate(database), true)
    const after = await find('handle-one')
    t.type(after?.rotatedAgoMs, 'number')
    t.strictSame(after, {
      ...before,
      previousHash: 'first-one',
      currentHash: 'second-one',
      salt: 'salt-one',
      expiresAtMs: rotation.expiresAtMs,
      absoluteExpiresAtMs: rotation.absoluteExpiresAtMs,
      address: '192.0.2.1',
      rotatedAgoMs: after?.rotatedAgoMs,
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
    t.match(await database.read.sessions.findFamily('handle-one'), {
      previousHash: 'second-one',
      currentHash: 'third-one',
      salt: 'fresh',
    })
  })

  for (const currentHash of ['zeroth-one', 'second-one', 'first-two']) {
    t.test(`a rotation with a secret that is not the current one changes nothing: ${currentHash}`, async t => {
      const database = await openWithSessions(t, engine)
      const all = () => database.query('SELECT * FROM sessions ORDER BY id')
      const before = await all()
      t.equal(await rotate(database, { currentHash }), false)
      t.strictSame(await all(), before)
    })
  }

  t.test('a session without a family never rotates', async t => {
    const database = await openWithParties(t, engine)
    await database.write(({ sessions }) => sessions.insert(sessionOf('one', { family: undefined })))
    t.equal(await rotate(database), false)
    t.strictSame(await database.query('SELECT current_hash, salt FROM sessions'), [{ current_hash: null, salt: null }])
  })

  t.test('of fifty rotations with one secret exactly one wins', async t => {
    const database = await openWithSessions(t, engine)
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) => rotate(database, { nextHash: `next-${index}`, salt: `salt-${index}` })),
    )
    t.equal(results.filter(won => won).length, 1)
    const winner = results.indexOf(true)
    t.match(await database.read.sessions.findFamily('handle-one'), {
      previousHash: 'first-one',
      currentHash: `next-${winner}`,
      salt: `salt-${winner}`,
    })
  })

  if (engine.graceClock === 'injected') {
    t.test('the time since a rotation is measured by the injected clock, to the millisecond', async t => {
      const database = await openWithSessions(t, engine)
      await rotate(database)
      const ago = async () => (await database.read.sessions.findFamily('handle-one'))?.rotatedAgoMs
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
        const [previous = ''] = [(await database.read.sessions.findFamily('handle-one'))?.currentHash]
        const beforeMs = Date.now()
        await rotate(database, { currentHash: previous, nextHash: `after ${wrongMs}` })
        database.clock.advance(2 * wrongMs)
        const agoMs = (await database.read.sessions.findFamily('handle-one'))?.rotatedAgoMs ?? -1
        const atMostMs = Date.now() - beforeMs + 1
        t.ok(agoMs >= 0 && agoMs <= atMostMs, `${agoMs} ms is between 0 and ${atMostMs}`)
      }
    })
  }
}
