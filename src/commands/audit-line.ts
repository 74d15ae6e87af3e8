/** An event in one line, for people. */
import { timeText } from '../audit/findings.ts'
import type { ListedAuditEvent } from '../records/audit-event.ts'
import { printable, shortUserAgent } from './printable.ts'

const WIDEST_TYPE = 'signing_key.stop_signing'.length
/** As much of a keyed hash as tells it from the others. */
const HASH_LENGTH = 12

/** `name=value`, without what there is not. */
const words = (pairs: Readonly<Record<string, string | null>>): string[] =>
  Object.entries(pairs).flatMap(([name, value]) => (value === null ? [] : [`${name}=${printable(value)}`]))

/** Of whoever administers over HTTP the name, with what it is a name of. */
const nameOf = ({ actor, actorName }: ListedAuditEvent): string =>
  actorName === null ? actor : `${actor.split(':')[0]}:${actorName}`

/** When, whether it went well, what and why, who, from where, how often. */
export function lineOfEvent(event: ListedAuditEvent): string {
  const { type, outcome, reason, actor, nameHash, userAgent, count } = event
  const about = words({
    user: event.username ?? event.userId,
    // Of a user it is what they were called before.
    name: nameHash && `${event.userId === null ? 'unknown' : 'former'}:${nameHash.slice(0, HASH_LENGTH)}`,
    client: event.publicClientId ?? event.clientId,
    session: event.sessionId,
    target: event.target,
    from: event.address,
    // As it is stored: somebody may have altered it.
    details: event.details,
    // Who asks at an endpoint is named already.
    by: actor === 'client' || actor === 'user' ? null : nameOf(event),
  })
  return [
    ...[timeText(event.occurredAtMs), outcome === 'success' ? 'ok    ' : 'FAILED', printable(type).padEnd(WIDEST_TYPE)],
    ...(reason === null ? [] : [printable(reason)]),
    ...about,
    ...(userAgent === null ? [] : [`"${shortUserAgent(userAgent)}"`]),
    ...(count === 1 ? [] : [`x${count}`]),
  ].join('  ')
}
