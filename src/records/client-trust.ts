/** What a client trusts a workload's token for: an issuer, and conditions on its claims. */

/** A claim that must have this value. */
export interface Condition {
  /** As claim-name.ts reads it. */
  readonly name: string
  readonly value: string
}

/** The claim in which a token says whom it speaks of (RFC 7519 §4.1.2). */
export const SUBJECT = 'sub'

export interface ClientTrust {
  readonly id: string
  readonly issuerId: string
  /** Null while the issuer is being removed, with its trusts. */
  readonly issuerName: string | null
  /** All of them, at least one; of a claim one. */
  readonly conditions: readonly Condition[]
  readonly createdAtMs: number
  /** To the hour; null before the first use. */
  readonly lastUsedAtMs: number | null
}

export type NewClientTrust = Omit<ClientTrust, 'issuerName' | 'lastUsedAtMs'>
