/** What a resource does when the keys change: rotations, a revocation, and a while without the issuer. */
import type { Test } from 'tap'
import { type TestClock, testClock } from '../support/clock.ts'
import { byTest, claimsOf, headerOf, type Service } from '../support/serve.ts'
import { DAY, keyIn } from '../support/signing-keys.ts'
import { withAlice } from '../support/status-list.ts'
import { goodToken } from './resource-cases.ts'
import type { Resource } from './resources.ts'
import { signedBy } from './wrong-tokens.ts'

export interface Keeping {
  /** For so long it goes on with a copy of the keys: a revoked one is refused then. */
  readonly seconds: number
  /** So long after a fetch a key that it does not know makes it fetch again. */
  readonly cooldown: number
  /** What it answers to a good token when the copy is too old and the issuer does not answer. */
  readonly outage: string
}

/** As long as a token may live. */
const LONGEST_SECONDS = 12 * 3600

/** A day passes at the issuer, and the standby signs. */
async function rotate(service: Service, clock: TestClock): Promise<void> {
  clock.advance(DAY)
  await (await service.container.keyLifecycle()).rotate(byTest)
  await service.tick()
}

async function revokeActive(service: Service): Promise<void> {
  await (await service.container.keyLifecycle()).revoke(keyIn(service, 'active').kid, 'test', byTest)
  await service.tick()
}

/** A service whose clock only the keys follow: `token` is what the key that signs now would sign at this moment. */
export async function withChangingKeys(t: Test) {
  const clock = testClock()
  const service = await withAlice(t, { clock })
  const good = await goodToken(service)
  const token = () => {
    const { kid } = keyIn(service, 'active')
    const exp = Math.floor(Date.now() / 1000) + LONGEST_SECONDS
    return signedBy(service, { ...headerOf(good), kid }, { ...claimsOf(good), exp })
  }
  return { service, token, rotate: () => rotate(service, clock), revokeActive: () => revokeActive(service) }
}

/** @throws when the resource has no clock of its own */
export async function keepsKeys(t: Test, start: (service: Service) => Promise<Resource>, keeping: Keeping) {
  const { seconds, cooldown, outage } = keeping
  const { service, token, ...keys } = await withChangingKeys(t)
  const { ask, later } = await start(service)
  if (later === undefined) throw new Error('LIBFAKETIME names no library.')

  const first = token()
  t.equal(await ask(first), 'accepted')
  await keys.rotate()
  t.equal(await ask(token()), 'accepted', 'a standby is known before it signs')
  t.equal(await ask(first), 'accepted', 'what it signed before is good')

  await keys.rotate()
  const unknown = token()
  if (cooldown > 0) {
    later(cooldown - 5)
    t.equal(await ask(unknown), 'refused', `a key that is not known, ${cooldown - 5} s after a fetch`)
  }
  later(cooldown + 1)
  t.equal(await ask(unknown), 'accepted', 'a key that is not known is fetched')

  await keys.revokeActive()
  later(Math.max(cooldown, seconds - 5))
  t.equal(await ask(unknown), 'accepted', 'a copy of the revoked key is used')
  later(cooldown + seconds + 10)
  t.equal(await ask(unknown), 'refused', 'and fetched no more')

  const last = token()
  t.equal(await ask(last), 'accepted', 'the standby that took over')
  await service.stop()
  t.equal(await ask(last), 'accepted', 'without the issuer')
  later(cooldown + 2 * seconds + 60)
  t.equal(await ask(last), outage, 'without it for longer than a copy is used')
}
