/** What the audit says of a request that was refused. */
import type { AuditEvent, RecordEvent } from '../records/audit-event.ts'
import { audited, OAuthError } from './oauth-error.ts'

/** Who asked, as far as it is known, and what for. */
export type Refused = Omit<AuditEvent, 'outcome' | 'reason' | 'count' | 'occurredAtMs'>

/** Records why a request was refused, unless whoever refused it has told already or knows that it needs no event; throws the error on. */
export function auditRefusal(recordEvent: RecordEvent, refused: Refused, error: unknown): never {
  if (!(error instanceof OAuthError) || error.isAudited) throw error
  recordEvent({ ...refused, outcome: 'failure', reason: error.code })
  throw audited(error.code, error.message)
}
