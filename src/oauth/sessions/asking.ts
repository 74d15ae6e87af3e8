/** Who asks for the token that is to be released. */
import type { Provenance } from '../../records/audit-event.ts'
import type { Stores } from '../../records/unit-of-work.ts'
import type { UsedAssertion } from '../../records/used-assertion.ts'

/** Who asks, through which client as it was read. */
export interface Asking {
  readonly clientId: string
  readonly clientRevision: number
  /** Until when what the client has proved holds. */
  readonly provedUntilMs: number
  /** With which the client proved itself. */
  readonly assertion: UsedAssertion | undefined
  readonly provenance: Provenance
}

/** Whether a workload's token is used for the first time, which is told of; it is remembered. */
export const isFirstUse = async (stores: Stores, { assertion }: Asking): Promise<boolean> =>
  assertion?.issuer !== undefined && stores.usedAssertions.use(assertion.hash, assertion.untilMs)
