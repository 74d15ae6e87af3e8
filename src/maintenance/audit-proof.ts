/** What proves the audit: its keys, its export, and its verification. */
import type { AuditItem } from '../audit/items.ts'
import { readAudit } from '../audit/read-audit.ts'
import { type Verdict, type VerificationOptions, verifyAudit } from '../audit/verification.ts'
import { type Clock, formatDuration } from '../clock.ts'
import type { AuditKey } from '../records/audit-seal.ts'
import type { Readers, Snapshot } from '../records/unit-of-work.ts'

export interface AuditProof {
  /** In the order in which they were made; the last one signs. */
  keys(): Promise<readonly AuditKey[]>
  /** All of it, in the order in which it is checked. */
  read(): Promise<AsyncIterable<AuditItem>>
  /** @param items of an export; without them, what is in the database */
  verify(
    items: AsyncIterable<AuditItem> | undefined,
    options: Pick<VerificationOptions, 'publicKeys' | 'head'>,
  ): Promise<Verdict>
}

export function createAuditProof(dependencies: {
  /** Opened when it is asked for: an export is verified without any. */
  readonly openDatabase: () => Promise<{ readonly snapshot: Snapshot; readonly read: Pick<Readers, 'auditSeals'> }>
  /** Undefined: nothing is ever removed. */
  readonly retentionSeconds: number | undefined
  readonly clock: Clock
}): AuditProof {
  const { openDatabase, retentionSeconds: seconds, clock } = dependencies
  const retention = seconds === undefined ? undefined : { seconds, text: formatDuration(seconds) }
  const read = async () => readAudit((await openDatabase()).snapshot)

  return {
    keys: async () => (await openDatabase()).read.auditSeals.keys(),
    read,
    verify: async (items, options) =>
      verifyAudit(items ?? (await read()), { ...options, retention, nowMs: clock.now() }),
  }
}
