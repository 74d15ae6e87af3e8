/** private_key_jwt (RFC 7523 §2.2, §3; OpenID Connect Core §9): a client signs with a key of its own what proves that it is the client. */
import { lengthPrefixed } from '../../records/audit-encoding.ts'
import type { Client } from '../../records/client.ts'
import type { ClientKey } from '../../records/client-key.ts'
import type { InstanceReader } from '../../records/instance.ts'
import { hashOf } from '../../records/opaque-token.ts'
import { type PublicJwk, signsBy } from '../../records/public-key.ts'
import type { Assertion } from './assertion.ts'
import { claimsProblem, expiryOf } from './claims.ts'
import type { KeysAt } from './fetched-keys.ts'
import type { AssertionOutcome, AssertionProblem } from './outcome.ts'
import { signatureProblem } from './signature.ts'

const LONGEST_LIFETIME_SECONDS = 3600
const LONGEST_JTI = 256
/** What was used of a database that was put back is not known; afterwards all are refused that may have been made before. */
const CLOCKS_APART_MS = 60_000

interface OwnedKey {
  readonly owner: ClientKey
  readonly key: PublicJwk
}

export const isClientAssertion = ({ claims }: Assertion, clientId: string): boolean => claims['iss'] === clientId

export function createClientAssertions(dependencies: {
  readonly issuer: string
  readonly keysAt: KeysAt
  readonly instance: InstanceReader
}) {
  const { issuer, keysAt, instance } = dependencies

  /** The key that it names is all that fits; without a name, each of its algorithm. */
  function fits({ header: { alg, kid } }: Assertion, key: PublicJwk): boolean {
    return signsBy(key, alg) && (kid === undefined || key.kid === undefined || key.kid === kid)
  }

  async function keysOf(owner: ClientKey, assertion: Assertion): Promise<readonly OwnedKey[]> {
    if ('jwk' in owner.source) return [{ owner, key: owner.source.jwk }]
    const { keys } = await keysAt({ kind: 'jwks', uri: owner.source.jwksUri }, some =>
      some.some(key => fits(assertion, key)),
    )
    return keys.map(key => ({ owner, key }))
  }

  /** Exactly one must fit; one that has the name goes before those that have none. */
  async function chooseKey(client: Client, assertion: Assertion): Promise<OwnedKey | AssertionProblem> {
    const all = (await Promise.all(client.keys.map(key => keysOf(key, assertion)))).flat()
    const fitting = all.filter(({ key }) => fits(assertion, key))
    const named = fitting.filter(({ key }) => key.kid !== undefined && key.kid === assertion.header['kid'])
    const [chosen, ...others] = named.length > 0 ? named : fitting
    if (others.length > 0) return 'ambiguous_key'
    if (client.keys.length === 0) return 'no_key_or_trust'
    return chosen ?? (all.length === 0 ? 'keys_unavailable' : 'unknown_key')
  }

  function jtiProblem({ jti }: Assertion['claims']): AssertionProblem | undefined {
    return typeof jti === 'string' && jti !== '' && jti.length <= LONGEST_JTI ? undefined : 'assertion_without_jti'
  }

  async function restoreProblem({ iat }: Assertion['claims']): Promise<AssertionProblem | undefined> {
    const acceptedAtMs = (await instance.find())?.acceptedAtMs ?? null
    const isBefore = acceptedAtMs !== null && Number(iat) * 1000 <= acceptedAtMs + CLOCKS_APART_MS
    return isBefore ? 'assertion_from_before_the_restore' : undefined
  }

  /** @param client whose id is the `iss` */
  return async (assertion: Assertion, client: Client, nowMs: number): Promise<AssertionOutcome> => {
    const { claims } = assertion
    const chosen = await chooseKey(client, assertion)
    const isChosen = typeof chosen !== 'string'
    const unsigned = await signatureProblem(assertion, isChosen ? chosen.key : undefined)
    if (!isChosen) return { problem: chosen }
    if (unsigned !== undefined) return { problem: unsigned }
    const expected = { audience: issuer, maxLifetimeSeconds: LONGEST_LIFETIME_SECONDS, nowMs }
    const problem =
      claimsProblem(claims, expected) ??
      (claims['sub'] === client.clientId ? undefined : 'wrong_subject') ??
      jtiProblem(claims) ??
      (await restoreProblem(claims))
    if (problem !== undefined) return { problem }
    const jti = claims['jti'] as string
    return {
      credential: chosen.owner,
      expiresAtMs: expiryOf(claims),
      issuer: undefined,
      hash: hashOf(lengthPrefixed(['client assertion', client.id, jti])),
      details: { jti_sha256: hashOf(jti) },
    }
  }
}
