/** An event of the audit as the command line shows it. */
import type { ListedAuditEvent } from '../records/audit-event.ts'
import { timeOf } from './audit-export.ts'

export const describeAuditEvent = (event: ListedAuditEvent) => ({
  id: event.id,
  type: event.type,
  occurred_at: timeOf(event.occurredAtMs),
  outcome: event.outcome,
  reason: event.reason,
  actor: event.actor,
  user_id: event.userId,
  username: event.username,
  client_id: event.publicClientId,
  client: event.clientId,
  session_id: event.sessionId,
  target: event.target,
  address: event.address,
  user_agent: event.userAgent,
  request_id: event.requestId,
  count: event.count,
  name_hash: event.nameHash,
  seal: event.seal,
})
