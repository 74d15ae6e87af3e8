/** Assertions that were used: what may be used once, and what is told of once. */
import type { AuditDetails } from './audit-event.ts'
import type { TrustedIssuer } from './trusted-issuer.ts'

/** With which a client has proved itself. */
export interface UsedAssertion {
  /** Of a workload's token: whose it is, as it was read; undefined of the client itself, whose assertion is used once. */
  readonly issuer: Pick<TrustedIssuer, 'id' | 'revision'> | undefined
  /** SHA-256 under which its use is remembered, and until when. */
  readonly hash: string
  readonly untilMs: number
  readonly details: AuditDetails
}

export interface UsedAssertionStore {
  /** @returns false when it was used before. @param hash SHA-256 @param untilMs for how long it is remembered */
  use(hash: string, untilMs: number): Promise<boolean>
  /** Removes at most `limit` of those that are over, and answers how many. */
  removeExpired(nowMs: number, limit: number): Promise<number>
}
