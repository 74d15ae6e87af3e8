/** An event of the audit as the command line and /admin show it. */
import { type AuditDetails, auditEventTypes, auditOutcomes, type ListedAuditEvent } from '../records/audit-event.ts'
import { timeOf } from './audit-export.ts'

/** What somebody altered may be no JSON; it is shown as it is. */
function detailsOf(text: string | null): AuditDetails | string | null {
  try {
    return text === null ? null : JSON.parse(text)
  } catch {
    return text
  }
}

export const describeAuditEvent = (event: ListedAuditEvent) => ({
  id: event.id,
  type: event.type,
  occurred_at: timeOf(event.occurredAtMs),
  outcome: event.outcome,
  reason: event.reason,
  actor: event.actor,
  actor_name: event.actorName,
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
  details: detailsOf(event.details),
  seal: event.seal,
})

const textOrNull = { type: ['string', 'null'] } as const

export const auditEventSchema = {
  type: 'object',
  required: [
    ...['id', 'type', 'occurred_at', 'outcome', 'reason', 'actor', 'actor_name', 'user_id', 'username'],
    ...['client_id', 'client', 'session_id', 'target', 'address', 'user_agent', 'request_id', 'count'],
    ...['name_hash', 'details', 'seal'],
  ],
  properties: {
    id: { type: 'string' },
    type: { type: 'string', examples: auditEventTypes.slice(0, 1) },
    occurred_at: { type: 'string', format: 'date-time', description: 'Of one that counts, when the last happened.' },
    outcome: { type: 'string', enum: auditOutcomes },
    reason: { ...textOrNull, description: 'Why, in a fixed word; where an operator gave one, that.' },
    actor: {
      type: 'string',
      description:
        'Who did it: `operator:NAME` at the command line, `user:ID` or `client:ID` over HTTP; `user` or `client` where it is whom the ' +
        'event names; `signet` itself.',
    },
    actor_name: { ...textOrNull, description: 'What the user or client of `actor` is called.' },
    user_id: { ...textOrNull, description: 'Whom it is about.' },
    username: textOrNull,
    client_id: { ...textOrNull, description: 'What the client is called that it is about, or that took part.' },
    client: { ...textOrNull, description: 'The internal id of that client, which is never given again.' },
    session_id: textOrNull,
    target: { ...textOrNull, description: 'The role, the credential or the signing key that it is about.' },
    address: { ...textOrNull, description: 'Network address of the request.' },
    user_agent: textOrNull,
    request_id: textOrNull,
    count: { type: 'integer', description: 'How many events it stands for; of `session.end` how many sessions.' },
    name_hash: { ...textOrNull, description: 'Keyed hash of a name that nobody had.' },
    details: {
      type: ['object', 'null'],
      description:
        'Of an assertion: `sub`, the `claims` of the conditions that hold or those that `did_not_match`, and a hash of its `jti` or of itself.',
    },
    seal: { type: ['integer', 'null'], description: 'The number of the seal that covers it; null until there is one.' },
  },
} as const
