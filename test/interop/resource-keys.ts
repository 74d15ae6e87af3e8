/** What a resource does when the keys change: rotations, a revocation, and a while without the issuer. */
import type { Test } from 'tap'
import { claimsOf, headerOf, type Service } from '../support/serve.ts'
import { keyIn } from '../support/signing-keys.ts'
import { withAlice } from '../support/status-list.ts'
import { keyChanges } from './key-changes.ts'
import { goodToken } from './resource-cases.ts'
import type { Ask, Resource } from './resources.ts'
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

/** `token` is what the key that signs now would sign at this moment, for as long as a token may live. */
export async function withChangingKeys(t: Test) {
  const service = await withAlice(t)
  const good = await goodToken(service)
  const token = () => {
    const { kid } = keyIn(service, 'active')
    const exp = Math.floor(Date.now() / 1000) + LONGEST_SECONDS
    return signedBy(service, { ...headerOf(good), kid }, { ...claimsOf(good), exp })
  }
  return { service, token, ...(await keyChanges(service)) }
}

/** @param atUnknown what it says to a key that is new since its last fetch: `accepted` when it fetches then */
export async function goesOnWithARevokedKey(
  t: Test,
  ask: Ask,
  {
    token,
    rotate,
    revokeActive,
  }: Pick<Awaited<ReturnType<typeof withChangingKeys>>, 'token' | 'rotate' | 'revokeActive'>,
  atUnknown: 'accepted' | 'refused' = 'accepted',
) {
  const revoked = token()
  t.equal(await ask(revoked), 'accepted')
  await revokeActive()
  t.equal(await ask(revoked), 'accepted', 'a copy of the revoked key is used')
  t.equal(await ask(token()), 'accepted', 'the standby that took over is known')
  await rotate()
  t.equal(await ask(token()), atUnknown, 'a key that is new')
  const fetched = atUnknown === 'accepted'
  t.equal(await ask(revoked), fetched ? 'refused' : 'accepted', 'a fetch ends the revoked one')
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
