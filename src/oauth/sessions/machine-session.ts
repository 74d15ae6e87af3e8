/** The row of a machine: that of one credential through one client, for as long as the credential works. */
import type { Clock } from '../../clock.ts'
import { orderedId, type Randomness } from '../../randomness.ts'
import type { StoredSession } from '../../records/session.ts'
import type { SessionChange } from './session-changes.ts'
import type { SubjectAsRead } from './session-starts.ts'

/** The last second of the year 9999, for a credential that does not expire. */
const NEVER_MS = Date.UTC(9999, 11, 31, 23, 59, 59)

export interface MachineUse {
  readonly credentialId: string
  /** Infinity for one that does not expire. */
  readonly worksUntilMs: number
  /** Whom the tokens speak of. */
  readonly subjectId: string
  readonly asRead: SubjectAsRead
  /** Internal id. */
  readonly clientId: string
}

/** Goes on with the row if there is one that has not ended; what was ended stays so, and a new one starts beside it. */
export type UseMachineSession = (row: StoredSession | undefined, use: MachineUse) => SessionChange

export const createMachineSessions =
  ({ clock, randomness }: { readonly clock: Clock; readonly randomness: Randomness }): UseMachineSession =>
  (row, { credentialId, worksUntilMs, subjectId, asRead, clientId }) => {
    const refreshToken = undefined
    const subjectRevision = 'revision' in asRead ? asRead.revision : null
    if (row !== undefined) return { kind: 'extend', row, subjectRevision, previousHash: undefined, refreshToken }
    const nowMs = clock.now()
    const endMs = Math.min(worksUntilMs, NEVER_MS)
    const session = {
      ...{ id: orderedId(randomness, nowMs, 'session'), subjectId, clientId, credentialId },
      // Read afresh for each token: the row keeps none of it.
      ...{ scope: [], audiences: [], authTimeSeconds: 0 },
      ...{ createdAtMs: nowMs, expiresAtMs: endMs, absoluteExpiresAtMs: endMs, family: undefined },
    }
    return { kind: 'start', session, asRead, refreshToken }
  }
