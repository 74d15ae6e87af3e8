/** What comes of an assertion. */
import type { AuditDetails } from '../../records/audit-event.ts'
import type { ClientKey } from '../../records/client-key.ts'
import type { ClientTrust } from '../../records/client-trust.ts'
import type { TrustedIssuer } from '../../records/trusted-issuer.ts'

/** Why it proves nothing, as the audit says it; each goes further than those before it. */
const assertionProblems = [
  'malformed_assertion',
  'wrong_assertion_type',
  'no_key_or_trust',
  'unknown_issuer',
  'unknown_key',
  'ambiguous_key',
  'keys_unavailable',
  'wrong_signature',
  'wrong_audience',
  'assertion_without_times',
  'assertion_from_the_future',
  'assertion_expired',
  'assertion_lives_too_long',
  'wrong_subject',
  'assertion_without_jti',
  'assertion_from_before_the_restore',
  'assertion_used_before',
  'conditions_not_met',
] as const
export type AssertionProblem = (typeof assertionProblems)[number]

export interface RefusedAssertion {
  readonly problem: AssertionProblem
  readonly details?: AuditDetails
}

/** It proves that whoever presents it is the client. */
export interface ProvedAssertion {
  readonly credential: ClientKey | ClientTrust
  /** Until when it is good. */
  readonly expiresAtMs: number
  /** Whose it is, as it was read; undefined of the client itself. */
  readonly issuer: Pick<TrustedIssuer, 'id' | 'revision'> | undefined
  /** SHA-256 under which its use is remembered. */
  readonly hash: string
  readonly details: AuditDetails
}

export type AssertionOutcome = ProvedAssertion | RefusedAssertion

export const isRefused = (outcome: AssertionOutcome): outcome is RefusedAssertion => 'problem' in outcome

/** Of several refusals the one that went furthest: the others were not meant. */
export function furthest(refusals: readonly RefusedAssertion[]): RefusedAssertion | undefined {
  const progress = ({ problem }: RefusedAssertion) => assertionProblems.indexOf(problem)
  return refusals.toSorted((one, other) => progress(other) - progress(one))[0]
}
