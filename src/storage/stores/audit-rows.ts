import type { AuditRow } from '../../records/audit-seal.ts'
import type { AuditEventsTable } from '../engine/audit-schema.ts'

/** An event as it is stored. */
export const toAuditRow = (row: AuditEventsTable): AuditRow => ({
  id: row.id,
  type: row.type,
  occurredAtMs: row.occurred_at_ms,
  outcome: row.outcome,
  reason: row.reason,
  actor: row.actor,
  userId: row.user_id,
  clientId: row.client_id,
  sessionId: row.session_id,
  target: row.target,
  address: row.address,
  userAgent: row.user_agent,
  requestId: row.request_id,
  count: row.count,
  nameHash: row.name_hash,
  details: row.details,
  seal: row.seal,
})
