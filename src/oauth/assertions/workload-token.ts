/**
 * A workload's own token of a trusted issuer (RFC 7521 §4.2, RFC 7523 §3; JWT-SVID): of a CI job, of a service account, of a machine in a
 * cloud. What it must say beside that, the client's trusts say.
 */
import { lengthPrefixed } from '../../records/audit-encoding.ts'
import type { ClientTrust } from '../../records/client-trust.ts'
import { hashOf } from '../../records/opaque-token.ts'
import { type Jwk, type PublicJwk, signsBy } from '../../records/public-key.ts'
import type { TrustedIssuer, TrustedIssuerReader } from '../../records/trusted-issuer.ts'
import { type Assertion, signedPart } from './assertion.ts'
import { claimsProblem, expiryOf } from './claims.ts'
import { cut, mismatches } from './conditions.ts'
import type { IssuerKeys } from './issuer-keys.ts'
import { type AssertionOutcome, type AssertionProblem, furthest, isRefused, type RefusedAssertion } from './outcome.ts'
import { signatureProblem } from './signature.ts'

const isOfDomain = (sub: unknown, domain: string): boolean =>
  typeof sub === 'string' && sub.startsWith(`spiffe://${domain}/`)

/** Byte for byte. A JWT-SVID may have no `iss`; its `sub` says of which trust domain it is. */
function isIssuedBy({ iss, sub }: Jwk, { url, trustDomain }: TrustedIssuer): boolean {
  if (trustDomain === null) return iss === url
  return isOfDomain(sub, trustDomain) && (url === null || iss === undefined || iss === url)
}

/** Whom it speaks of, as far as the audit may tell. */
const subjectOf = ({ sub }: Jwk) => (typeof sub === 'string' ? { sub: cut(sub) } : {})

function tokenHash(assertion: Assertion): { readonly jti_sha256: string } | { readonly assertion_sha256: string } {
  const { jti } = assertion.claims
  return typeof jti === 'string' ? { jti_sha256: hashOf(jti) } : { assertion_sha256: hashOf(assertion.token) }
}

export function createWorkloadTokens(dependencies: {
  /** Our issuer identifier. */
  readonly issuer: string
  readonly issuers: Pick<TrustedIssuerReader, 'findSome'>
  readonly issuerKeys: IssuerKeys
}) {
  const { issuer: ours, issuers, issuerKeys } = dependencies

  async function signatureOf(issuer: TrustedIssuer, assertion: Assertion): Promise<AssertionProblem | undefined> {
    const { kid, alg } = assertion.header
    const isIt = (key: PublicJwk) => key.kid !== undefined && key.kid === kid && signsBy(key, alg)
    const keys = await issuerKeys(issuer, some => some.some(isIt))
    const problem = await signatureProblem(assertion, keys.find(isIt))
    return keys.length === 0 ? 'keys_unavailable' : problem
  }

  /** Undefined when it is genuine, for us, and good at this time. */
  async function problemWith(
    assertion: Assertion,
    issuer: TrustedIssuer,
    nowMs: number,
  ): Promise<RefusedAssertion | undefined> {
    const problem =
      (await signatureOf(issuer, assertion)) ??
      claimsProblem(assertion.claims, {
        audience: issuer.audience ?? ours,
        maxLifetimeSeconds: issuer.maxLifetimeSeconds,
        nowMs,
      })
    return problem && { problem }
  }

  function proof(assertion: Assertion, trust: ClientTrust, { id, revision }: TrustedIssuer): AssertionOutcome {
    const claims = Object.fromEntries(trust.conditions.map(({ name, value }) => [name, cut(value)]))
    return {
      credential: trust,
      expiresAtMs: expiryOf(assertion.claims),
      issuer: { id, revision },
      hash: hashOf(lengthPrefixed(["workload's token", trust.id, signedPart(assertion)])),
      details: { ...subjectOf(assertion.claims), claims, ...tokenHash(assertion) },
    }
  }

  /** One of the trusts in the issuer; of several that do not hold, that which lacks least is told of. */
  async function judge(
    assertion: Assertion,
    issuer: TrustedIssuer,
    trusts: readonly ClientTrust[],
    nowMs: number,
  ): Promise<AssertionOutcome> {
    const refused = await problemWith(assertion, issuer, nowMs)
    if (refused !== undefined) return refused
    const judged = trusts
      .map(trust => ({ trust, lacks: mismatches(assertion.claims, trust.conditions) }))
      .toSorted((one, other) => one.lacks.length - other.lacks.length)
    const [best] = judged
    if (best !== undefined && best.lacks.length === 0) return proof(assertion, best.trust, issuer)
    return {
      problem: 'conditions_not_met',
      details: { ...subjectOf(assertion.claims), did_not_match: best?.lacks ?? [] },
    }
  }

  /** @param isSvid whether it may be of a trust domain alone */
  return async (
    assertion: Assertion,
    trusts: readonly ClientTrust[],
    isSvid: boolean,
    nowMs: number,
  ): Promise<AssertionOutcome> => {
    if (trusts.length === 0) {
      await signatureProblem(assertion, undefined)
      return { problem: 'no_key_or_trust' }
    }
    const known = await issuers.findSome([...new Set(trusts.map(({ issuerId }) => issuerId))])
    const right = known.filter(issuer => isIssuedBy(assertion.claims, issuer) && (!isSvid || issuer.trustDomain))
    const outcomes: AssertionOutcome[] = []
    for (const issuer of right) {
      const outcome = await judge(
        assertion,
        issuer,
        trusts.filter(({ issuerId }) => issuerId === issuer.id),
        nowMs,
      )
      if (!isRefused(outcome)) return outcome
      outcomes.push(outcome)
    }
    const refused = furthest(outcomes.filter(isRefused))
    if (refused === undefined) await signatureProblem(assertion, undefined)
    return refused ?? { problem: 'unknown_issuer' }
  }
}
