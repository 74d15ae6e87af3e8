/** A Signet whose tokens others verify: over HTTPS, with keys that can be rotated, and with a look at what is fetched from it. */
import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import type { NewClient } from '../../src/accounts/client-changes.ts'
import { addClient } from '../support/clients.ts'
import { testClock } from '../support/clock.ts'
import { addAlice, api, password, request, secret, serve } from '../support/serve.ts'
import { keyIn } from '../support/signing-keys.ts'
import { frontOf } from './front.ts'
import { keyChanges } from './key-changes.ts'
import { standIn } from './stand-in.ts'
import { wrongTokens } from './wrong-tokens.ts'

/** Through which alice signs in. */
const clientId = 'command-line'

const JWKS = '/.well-known/jwks.json'
const MINUTE_MS = 60_000
/** The lead of a key, and what it takes until one that follows a revocation signs, and some minutes more. */
const BEHIND_MS = 25 * 60 * MINUTE_MS

export interface VerifiedOptions {
  readonly audience?: string
  readonly client?: Partial<NewClient>
  /** What the key set says of how long it may be kept, in the place of what Signet says. */
  readonly maxAge?: number
}

/** Starts it with alice, an editor. What was signed before is expired; the standby may sign. */
export async function withVerified(t: Test, { audience = api, client = {}, maxAge }: VerifiedOptions = {}) {
  const clock = testClock(Date.now() - BEHIND_MS)
  const front = await frontOf(t, true)
  const service = await serve(t, { clock, environment: { SIGNET_ISSUER: front.url } })
  const { askedFor } = await standIn(t, service, front, (path, headers) =>
    maxAge === undefined || path !== JWKS ? headers : { ...headers, 'cache-control': `max-age=${maxAge}` },
  )
  const alice = await addAlice(service)
  // Tokens of half an hour ago are still good.
  await addClient(service, { clientId, audiences: [audience], accessTokenTtlSeconds: 3600, ...client })
  const direct = `http://127.0.0.1:${service.config.port}`
  const token = async (more: Readonly<Record<string, string>> = {}): Promise<string> => {
    const form = { grant_type: 'password', username: 'alice', password, ...more }
    // By the short way: the authority of each test is another, and this process remembers sessions of TLS.
    const { status, text, body } = await request(`${direct}/oauth/token`, { form, client: [clientId, secret] })
    if (status !== 200) throw new Error(`No token: ${text}`)
    return body.access_token
  }
  const expired = await token()
  clock.advance(BEHIND_MS - 30 * MINUTE_MS)
  // It has looked at its keys at this time: the key set may be kept for as long as it usually may.
  await service.tick()
  const keys = await keyChanges(service)
  return {
    service,
    clock,
    alice,
    expired,
    token,
    /** How often the keys were fetched. */
    fetches: () => askedFor(JWKS),
    authorityFile: front.authorityFile ?? '',
    authority: readFileSync(front.authorityFile ?? '', 'utf8'),
    /** By what they are. */
    wrong: async (): Promise<Readonly<Record<string, string>>> => ({
      ...(await wrongTokens(service, await token())),
      'an expired token': expired,
    }),
    ...keys,
    /** The rotation that follows a revocation, after twenty minutes. */
    async rotationThatFollows() {
      const before = keyIn(service, 'active').kid
      clock.advance(21 * MINUTE_MS)
      await service.tick()
      if (keyIn(service, 'active').kid === before) throw new Error('No rotation has followed.')
    },
  }
}

export type Verified = Awaited<ReturnType<typeof withVerified>>

/** What holds for whoever fetches the keys when one comes that is not known, and at no other time. */
export async function assertTakesRevokedKeyUntilAnotherComes(
  t: Test,
  { token, revokeActive, rotationThatFollows, revokeAll, fetches }: Verified,
  isGood: (token: string) => Promise<boolean>,
) {
  const stolen = await token()
  t.ok(await isGood(stolen))
  await revokeActive()
  t.ok(await isGood(await token()), 'the standby is known')
  t.ok(await isGood(stolen), 'and so is the revoked key')
  t.equal(fetches(), 1)
  await rotationThatFollows()
  t.ok(await isGood(await token()), 'the key that follows is fetched at once')
  t.notOk(await isGood(stolen))
  await revokeAll()
  t.ok(await isGood(await token()), 'one that nobody could know is fetched at once')
}
