/**
 * Keys that were made while the clock was ten years ahead. Which of two clocks was wrong can't be told from what is stored: so nothing
 * waits for ten years when it is right again, and nothing leaves the JWKS too early when it was the other one, which was behind.
 */
import t, { type Test } from 'tap'
import { type TestClock, testClock } from '../support/clock.ts'
import { commandLine } from '../support/command-line.ts'
import { byTest, type Service } from '../support/serve.ts'
import {
  DAY,
  HOUR,
  keyIn,
  keyNamed,
  MINUTE,
  publishedBy,
  RETIRING,
  SECOND,
  signingKidOf,
} from '../support/signing-keys.ts'
import { change } from '../support/sqlite.ts'
import { restarted, withAlice } from '../support/status-list.ts'

// Each has a service of its own.
t.jobs = 2

const AHEAD = 3650 * DAY
const INTERVAL = 90 * DAY
const LEAD = DAY

/** A service that made its keys while the clock was ahead, rotated once if it is said so, and was stopped. */
async function madeAhead(t: Test, { rotates = false } = {}) {
  const clock = testClock(Date.now() + AHEAD)
  const service = await withAlice(t, { clock })
  if (rotates) {
    clock.advance(LEAD)
    await (await service.container.keyLifecycle()).rotate(byTest)
  }
  await service.stop()
  clock.advance(-AHEAD)
  return { clock, before: service }
}

async function passIn(service: Service, clock: TestClock, milliseconds: number): Promise<void> {
  clock.advance(milliseconds)
  await service.tick()
}

t.test(
  'in an emergency the keys are listed and revoked at once, before any service has run by the right clock',
  async t => {
    const { clock, before } = await madeAhead(t)
    const { json, text } = await commandLine(t, before.environment, clock)
    const [active, pending] = [keyIn(before, 'active'), keyIn(before, 'pending')]
    const lines = (await text(['keys', 'list'])).split('\n')
    t.match(lines[1], active.kid)
    t.match(lines[2], pending.kid)
    const planned = new Date(clock.now() + INTERVAL).toISOString()
    t.match(await json(['keys', 'list']), [
      { kid: active.kid, state: 'active', since: new Date(clock.now()).toISOString() },
      {
        kid: pending.kid,
        state: 'pending',
        ready_at: new Date(clock.now() + LEAD).toISOString(),
        activates_at: planned,
      },
    ])
    const [head = ''] = lines.filter(line => line.trim() === 'now')
    t.equal(head.indexOf('now'), 10, 'the picture begins now')
    t.match(await json(['keys', 'rotate']), {
      kid: pending.kid,
      activates_at: new Date(clock.now() + LEAD).toISOString(),
    })
    t.match(await json(['keys', 'revoke', active.kid, '--reason', 'stolen']), { revoked: [active.kid] })
    t.equal(keyIn(before, 'active').kid, pending.kid)
  },
)

t.test(
  'rotations go on when the clock is right again, each pause as long as it is to be, whoever restarts meanwhile',
  async t => {
    const { clock, before } = await madeAhead(t)
    const [first, second] = [keyIn(before, 'active'), keyIn(before, 'pending')]
    const once = await restarted(t, before, { clock })
    await once.tick()
    await passIn(once, clock, INTERVAL / 2)
    await once.stop()
    const service = await restarted(t, before, { clock })
    await service.tick()
    await passIn(service, clock, INTERVAL / 2 - SECOND)
    t.equal(await signingKidOf(service), first.kid)
    await passIn(service, clock, SECOND)
    t.equal(await signingKidOf(service), second.kid)
    t.match(keyNamed(service, first.kid), { state: 'retiring', retires_at_ms: clock.now() + RETIRING })
    await passIn(service, clock, RETIRING - SECOND)
    t.ok((await publishedBy(service)).includes(first.kid))
    await passIn(service, clock, SECOND)
    t.notOk((await publishedBy(service)).includes(first.kid))
    await passIn(service, clock, INTERVAL - RETIRING)
    t.equal(keyNamed(service, second.kid).state, 'retiring', 'what was made since has its own time')
  },
)

t.test(
  'a rotation that is asked comes after the lead, and one that was asked while the clock was ahead, too',
  async t => {
    const { clock, before } = await madeAhead(t)
    const service = await restarted(t, before, { clock })
    const second = keyIn(service, 'pending')
    await service.tick()
    await passIn(service, clock, HOUR)
    const { activatesAtMs } = await (await service.container.keyLifecycle()).rotate(byTest)
    t.equal(activatesAtMs, clock.now() + LEAD - HOUR)
    await passIn(service, clock, LEAD - HOUR - SECOND)
    t.equal(keyNamed(service, second.kid).state, 'pending')
    await passIn(service, clock, SECOND)
    t.equal(await signingKidOf(service), second.kid)
  },
)

t.test('a key that stopped signing while the clock was ahead leaves after 12 h 10 min, and not before', async t => {
  const { clock, before } = await madeAhead(t, { rotates: true })
  const old = keyIn(before, 'retiring')
  const service = await restarted(t, before, { clock })
  await service.tick()
  await passIn(service, clock, RETIRING - SECOND)
  t.ok((await publishedBy(service)).includes(old.kid))
  await passIn(service, clock, SECOND)
  t.notOk((await publishedBy(service)).includes(old.kid))
  t.equal(keyNamed(service, old.kid).state, 'retired')
})

t.test(
  'when it is this clock that was behind, and is mended, the true times count: no key leaves or signs too early',
  async t => {
    const clock = testClock()
    const before = await withAlice(t, { clock })
    await passIn(before, clock, LEAD)
    await (await before.container.keyLifecycle()).rotate(byTest)
    await before.stop()
    const [old, standby] = [keyIn(before, 'retiring'), keyIn(before, 'pending')]
    const BEHIND = 400 * DAY
    clock.advance(-BEHIND)
    const wrong = await restarted(t, before, { clock })
    await wrong.tick()
    t.equal(keyNamed(wrong, old.kid).state, 'retiring')
    await wrong.stop()
    clock.advance(BEHIND + HOUR)
    const service = await restarted(t, before, { clock })
    await service.tick()
    t.ok((await publishedBy(service)).includes(old.kid))
    await (await service.container.keyLifecycle()).rotate(byTest)
    await passIn(service, clock, LEAD - HOUR - SECOND)
    t.equal(keyNamed(service, old.kid).state, 'retired', 'after its time')
    t.equal(keyNamed(service, standby.kid).state, 'pending', 'its lead is not over')
    await passIn(service, clock, SECOND)
    t.equal(await signingKidOf(service), standby.kid)
  },
)

t.test('what another machine writes whose clock is a little ahead is of this time', async t => {
  const clock = testClock()
  const service = await withAlice(t, { clock })
  const { kid, since_ms } = keyIn(service, 'active')
  clock.advance(-4 * MINUTE)
  await service.tick()
  const { seen_ahead_at_ms } = keyNamed(service, kid) as { seen_ahead_at_ms?: number | null }
  t.equal(seen_ahead_at_ms, null)
  clock.advance(4 * MINUTE + INTERVAL)
  await service.tick()
  t.equal(clock.now() - INTERVAL, since_ms)
  t.equal(keyNamed(service, kid).state, 'retiring')
})

t.test('a time that no calendar has is shown as the last one that has, and stops no command', async t => {
  const { clock, before } = await madeAhead(t, { rotates: true })
  const { json, text } = await commandLine(t, before.environment, clock)
  const last = '+275760-09-13T00:00:00.000Z'
  change(before.databaseFile, 'update users set created_at_ms = 9000000000000000')
  change(before.databaseFile, "update signing_keys set retires_at_ms = 9000000000000000 where state = 'retiring'")
  change(before.databaseFile, 'update signing_keys set since_ms = since_ms - ?', AHEAD)
  t.match(await json(['users', 'list']), [{ created_at: last }])
  t.ok((await json(['keys', 'list'])).some(({ retires_at }: { retires_at: string | null }) => retires_at === last))
  t.match(await text(['keys', 'list', '--wide']), `leaves the JWKS ${last}`)
})
