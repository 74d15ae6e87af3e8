import { type Test, test } from 'tap'
import { type TestClock, testClock } from '../support/clock.ts'
import { createHold, during } from '../support/hold.ts'
import { byTest, claimsOf, refresh, type ServeOptions } from '../support/serve.ts'
import {
  type Device,
  device,
  isRevoked,
  refreshed,
  revoke,
  storedAs,
  storedRevocations,
  withAlice,
} from '../support/status-list.ts'

const SECOND_MS = 1000
const HOUR_MS = 3_600_000
const HALF_DAY_SECONDS = 12 * 3600
/** As much as a verifier's clock may be slow. */
const TOLERANCE_MS = 300 * SECOND_MS
/** What a token may take to be issued, and the grace: the service remembers a little longer than it must. */
const SLACK_MS = 40 * SECOND_MS

async function scene(t: Test, options: ServeOptions = {}) {
  const clock = testClock()
  const service = await withAlice(t, { clock, ...options })
  const sweep = async () => (await service.container.janitor()).sweep()
  const setLifetime = (accessTokenTtlSeconds: number) =>
    service.clients.update('web-app', { accessTokenTtlSeconds }, byTest)
  return { clock, service, sweep, setLifetime }
}

type Scene = Awaited<ReturnType<typeof scene>>

/** Moves on to a moment by the clock of the tokens (`exp`), in milliseconds. */
const goTo = (clock: TestClock, momentMs: number) => clock.advance(momentMs - clock.now())

const expiryOf = ({ access }: Device): number => claimsOf(access).exp * 1000

/** Its bit stays until no verifier accepts the token any more, whatever is swept meanwhile, and then it goes. */
async function isRevokedUntilDead(t: Test, { clock, service, sweep }: Scene, token: Device) {
  const name = storedAs(token.status)
  for (const momentMs of [clock.now(), expiryOf(token) - 1, expiryOf(token) + TOLERANCE_MS]) {
    if (momentMs < clock.now()) continue
    goTo(clock, momentMs)
    await sweep()
    t.ok(storedRevocations(service.databaseFile).includes(name))
    t.ok(await isRevoked(token.status), `${momentMs - expiryOf(token)} ms after it expired`)
  }
  goTo(clock, expiryOf(token) + TOLERANCE_MS + SLACK_MS + SECOND_MS)
  await sweep()
  t.notOk(storedRevocations(service.databaseFile).includes(name))
  t.notOk(await isRevoked(token.status))
}

test('what is revoked in the last second before it expires stays refused until nobody would accept it', async t => {
  for (const what of ['refreshToken', 'access'] as const) {
    const all = await scene(t)
    const token = await device(all.service)
    goTo(all.clock, expiryOf(token) - SECOND_MS)
    t.notOk(await isRevoked(token.status))
    t.equal((await revoke(all.service, token[what])).status, 200)
    await isRevokedUntilDead(t, all, token)
  }
})

test('what has just expired can be revoked for as long as a verifier with a slow clock accepts it', async t => {
  for (const what of ['refreshToken', 'access'] as const) {
    const all = await scene(t)
    const token = await device(all.service)
    goTo(all.clock, expiryOf(token) + TOLERANCE_MS - SECOND_MS)
    t.equal((await revoke(all.service, token[what])).status, 200)
    await isRevokedUntilDead(t, all, token)
  }
})

test('nothing is remembered of a session whose access tokens have all died', async t => {
  const { clock, service } = await scene(t)
  const token = await device(service)
  goTo(clock, expiryOf(token) + TOLERANCE_MS + SLACK_MS + SECOND_MS)
  t.equal((await revoke(service, token.refreshToken)).status, 200)
  t.equal((await refresh(service, token.refreshToken)).body.error, 'invalid_grant', 'it ended all the same')
  t.same(storedRevocations(service.databaseFile), [])
  t.notOk(await isRevoked(token.status))
})

test('a revocation after a repetition in the grace concerns every token of the session', async t => {
  const { clock, service } = await scene(t)
  const first = await device(service)
  const second = await refreshed(service, first)
  clock.advance(20 * SECOND_MS)
  const repeated = await refreshed(service, first)
  t.equal(repeated.refreshToken, second.refreshToken)
  await revoke(service, repeated.refreshToken)
  for (const { status } of [first, second, repeated]) t.ok(await isRevoked(status))
})

test('a token that a repetition got in the last moment of the grace is remembered as long as it lives', async t => {
  const all = await scene(t)
  const first = await device(all.service)
  await refreshed(all.service, first)
  all.clock.advance(30 * SECOND_MS - 1)
  const repeated = await refreshed(all.service, first)
  await revoke(all.service, repeated.refreshToken)
  await isRevokedUntilDead(t, all, repeated)
})

test('a repetition after the hand-over to a younger list is revoked in both', async t => {
  const { clock, service } = await scene(t)
  const first = await device(service)
  clock.advance(24 * HOUR_MS - SECOND_MS)
  const before = await refreshed(service, first)
  clock.advance(SECOND_MS)
  const moved = await refreshed(service, first)
  t.equal(moved.refreshToken, before.refreshToken, 'it is a repetition')
  t.not(moved.status.uri, before.status.uri)
  await revoke(service, moved.refreshToken)
  t.same([await isRevoked(before.status), await isRevoked(moved.status)], [true, true])
})

test('a repetition after its access token was revoked gets another index, which is revoked with the session', async t => {
  const { service } = await scene(t)
  const first = await device(service)
  const second = await refreshed(service, first)
  await revoke(service, second.access)
  t.ok(await isRevoked(second.status))
  const repeated = await refreshed(service, first)
  t.equal(repeated.refreshToken, second.refreshToken)
  t.notSame(repeated.status, second.status)
  t.notOk(await isRevoked(repeated.status), 'a token that works')
  await revoke(service, repeated.refreshToken)
  t.same([await isRevoked(second.status), await isRevoked(repeated.status)], [true, true])
})

test('when access tokens become short-lived, a revocation still lasts as long as the longest of them', async t => {
  const all = await scene(t)
  await all.setLifetime(HALF_DAY_SECONDS)
  const long = await device(all.service)
  await all.setLifetime(30)
  const short = await refreshed(all.service, long)
  t.same(short.status, long.status)
  t.equal(expiryOf(short), expiryOf(long) - (HALF_DAY_SECONDS - 30) * SECOND_MS)
  await revoke(all.service, short.refreshToken)
  await isRevokedUntilDead(t, all, long)
})

test('a repetition that gets a longer-lived token than the refresh got is remembered as long as that lives', async t => {
  const all = await scene(t)
  await all.setLifetime(30)
  const first = await device(all.service)
  await refreshed(all.service, first)
  await all.setLifetime(HALF_DAY_SECONDS)
  const repeated = await refreshed(all.service, first)
  await revoke(all.service, repeated.refreshToken)
  await isRevokedUntilDead(t, all, repeated)
})

test('a refresh that was begun before such a repetition does not make it forgotten', async t => {
  for (const handOver of [false, true]) {
    const signing = createHold()
    let holdsNext = false
    const all = await scene(t, {
      faults: {
        signer: real => ({
          kid: real.kid,
          sign: input => {
            if (!holdsNext) return real.sign(input)
            holdsNext = false
            return signing.pass(() => real.sign(input))
          },
        }),
      },
    })
    const { service, clock } = all
    await all.setLifetime(30)
    const first = await device(service)
    if (handOver) clock.advance(24 * HOUR_MS - SECOND_MS)
    const second = await refreshed(service, first)
    let repeated: Device | undefined
    if (handOver) clock.advance(SECOND_MS - 1)
    holdsNext = true
    const third = await during(
      signing,
      () => refresh(service, second.refreshToken),
      async () => {
        await all.setLifetime(HALF_DAY_SECONDS)
        repeated = await refreshed(service, first)
      },
    )
    t.equal(third.status, 200)
    await revoke(service, third.body.refresh_token)
    t.ok(repeated)
    if (repeated !== undefined) await isRevokedUntilDead(t, all, repeated)
  }
})
