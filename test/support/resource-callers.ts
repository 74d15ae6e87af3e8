/** Who comes to a resource service: people with tokens of every kind, of a real token service. */

import { createVerifier, type Environment, type Verifier, type VerifierOptions } from '@signet/verifier'
import type { Test } from 'tap'
import { addClient } from './clients.ts'
import { type Answer, api, password, type Service, secret, signIn } from './serve.ts'
import { device, isRevoked, revoke, until, withAlice } from './status-list.ts'

const accessOf = ({ status, text, body }: Answer): string => {
  if (status !== 200) throw new Error(`No tokens: ${text}`)
  return body.access_token
}

/** Tokens of alice, who is an editor and may read and write posts. */
export interface Tokens {
  readonly good: string
  /** May only read posts, and so has no role. */
  readonly narrow: string
  readonly revoked: string
  readonly forAnotherAudience: string
  /** With the claims of another token. */
  readonly forged: string
}

async function tokensFrom(service: Service): Promise<Tokens> {
  await addClient(service, { clientId: 'other', audiences: ['https://other.example.com'] })
  const { access: good } = await device(service)
  const narrow = accessOf(await signIn(service, { scope: 'posts:read' }))
  const { access: revoked, status } = await device(service)
  await revoke(service, revoked)
  await until(() => isRevoked(status))
  const forAnotherAudience = accessOf(
    await service.token({ grant_type: 'password', username: 'alice', password }, { client: ['other', secret] }),
  )
  const [header, , signature] = good.split('.')
  return { good, narrow, revoked, forAnotherAudience, forged: `${header}.${narrow.split('.')[1]}.${signature}` }
}

/** A verifier that is closed after the test. */
export function verifierFor(
  t: Test,
  options: Partial<VerifierOptions> & Pick<VerifierOptions, 'issuer'>,
  environment?: Environment,
): Verifier {
  const verifier = createVerifier({ audience: api, ...options }, environment)
  t.teardown(() => verifier.close())
  return verifier
}

/** A token service, alice's tokens, and a verifier that has loaded all it needs. */
export async function callers(t: Test, environment?: Environment) {
  const service = await withAlice(t)
  const tokens = await tokensFrom(service)
  const verifier = verifierFor(t, { issuer: service.issuer }, environment)
  await verifier.ready()
  return { service, tokens, verifier }
}

/** A verifier whose `verify` is the test's own, for what no token service brings about. */
export const standIn = (verify: Verifier['verify'], more: Partial<Verifier> = {}): Verifier => ({
  issuer: 'https://login.example.com',
  audience: [api],
  pollInterval: 5,
  verify,
  apiKeys: () => ({ verify }),
  ready: async () => undefined,
  health: () => ({
    status: 'ok',
    keys: { uri: undefined, ageSeconds: 0, problem: undefined },
    aggregation: undefined,
    statusLists: [],
  }),
  close: () => undefined,
  ...more,
})
