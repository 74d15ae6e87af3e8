/** What every assertion must say of itself (RFC 7523 §3): whom it is for, and when it is good. */
import { isDeepStrictEqual } from 'node:util'
import type { Jwk } from '../../records/public-key.ts'
import type { AssertionProblem } from './outcome.ts'

/** As much as the clocks of others may be ahead. */
const CLOCK_TOLERANCE_SECONDS = 60

/** That string, or an array with it alone: who else is named could present it here as well (rfc7523bis §3). */
const isFor = (aud: unknown, audience: string): boolean => aud === audience || isDeepStrictEqual(aud, [audience])

/** RFC 7519 §2: NumericDate may have a fraction. */
const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

export interface ExpectedClaims {
  readonly audience: string
  /** From `iat` to `exp`; `nbf` says nothing of the age, some lie minutes before it. */
  readonly maxLifetimeSeconds: number
  readonly nowMs: number
}

export function claimsProblem(claims: Jwk, expected: ExpectedClaims): AssertionProblem | undefined {
  const { aud, iat, exp, nbf = iat } = claims
  const now = expected.nowMs / 1000
  if (!isFor(aud, expected.audience)) return 'wrong_audience'
  if (!isTime(iat) || !isTime(exp) || !isTime(nbf)) return 'assertion_without_times'
  if (Math.max(iat, nbf) > now + CLOCK_TOLERANCE_SECONDS) return 'assertion_from_the_future'
  // Of its last second no token would be left.
  if (exp < now + 1) return 'assertion_expired'
  return exp - iat > expected.maxLifetimeSeconds ? 'assertion_lives_too_long' : undefined
}

/** Milliseconds, whole ones: of claims that were judged. */
export const expiryOf = ({ exp }: Jwk): number => Math.floor(Number(exp) * 1000)
