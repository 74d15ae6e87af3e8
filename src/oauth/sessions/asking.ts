/** Who asks for the token that is to be released. */
import type { AuditDetails, Provenance } from '../../records/audit-event.ts'
import type { TrustedIssuer } from '../../records/trusted-issuer.ts'
import type { Stores } from '../../records/unit-of-work.ts'

/** An assertion, as far as the audit tells of its use. */
export interface AssertionInUse {
  readonly credentialId: string
  /** Undefined of the client itself. */
  readonly issuer: Pick<TrustedIssuer, 'id' | 'revision'> | undefined
  readonly hash: string
  readonly untilMs: number
  readonly details: AuditDetails
}

/** Who asks, through which client as it was read. */
export interface Asking {
  readonly clientId: string
  readonly clientRevision: number
  /** Until when what the client has proved holds. */
  readonly provedUntilMs: number
  /** With which the client proved itself. */
  readonly assertion: AssertionInUse | undefined
  readonly provenance: Provenance
}

/** Whether a workload's token is used for the first time, which is told of; it is remembered. */
export const isFirstUse = async (stores: Stores, { assertion }: Asking): Promise<boolean> =>
  assertion?.issuer !== undefined && stores.usedAssertions.use(assertion.hash, assertion.untilMs)
