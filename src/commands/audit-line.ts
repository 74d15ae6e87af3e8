/** An event for people: what is asked first in a line or two, or all of it in one line. */
import { timeText, validTime } from '../audit/findings.ts'
import type { ListedAuditEvent } from '../records/audit-event.ts'
import { printable, shortUserAgent } from './printable.ts'
import type { Display, Lines } from './terminal.ts'
import { cut, wrap } from './text-width.ts'
import { secondTime } from './times.ts'

const WIDEST_TYPE = 'signing_key.stop_signing'.length
const USUAL_TYPE = 'user.sign_in'.length
/** As much of a keyed hash as tells it from the others. */
const HASH_LENGTH = 12

/** `name=value`, without what there is not. */
const words = (pairs: Readonly<Record<string, string | null>>): string[] =>
  Object.entries(pairs).flatMap(([name, value]) => (value === null ? [] : [`${name}=${printable(value)}`]))

/** Of whoever administers over HTTP the name, with what it is a name of. */
const nameOf = ({ actor, actorName }: ListedAuditEvent): string =>
  actorName === null ? actor : `${actor.split(':')[0]}:${actorName}`

const outcomeOf = ({ outcome }: ListedAuditEvent): string => (outcome === 'success' ? 'ok    ' : 'FAILED')

const timesOf = ({ count }: ListedAuditEvent): string[] => (count === 1 ? [] : [`x${count}`])

const whoOf = ({ username, userId, nameHash }: ListedAuditEvent) => ({
  user: username ?? userId,
  // Of a user it is what they were called before.
  name: nameHash && `${userId === null ? 'unknown' : 'former'}:${nameHash.slice(0, HASH_LENGTH)}`,
})

const clientOf = ({ publicClientId, clientId }: ListedAuditEvent): string | null => publicClientId ?? clientId

/** Who asks at an endpoint is named already. */
const byOf = (event: ListedAuditEvent): string | null =>
  event.actor === 'client' || event.actor === 'user' ? null : nameOf(event)

/** All there is, but for ids that only programs need. */
function wideLineOf(event: ListedAuditEvent): string {
  const { type, reason, userAgent } = event
  const about = words({
    ...whoOf(event),
    client: clientOf(event),
    session: event.sessionId,
    target: event.target,
    from: event.address,
    // As it is stored: somebody may have altered it.
    details: event.details,
    by: byOf(event),
  })
  return [
    ...[timeText(event.occurredAtMs), outcomeOf(event), printable(type).padEnd(WIDEST_TYPE)],
    ...(reason === null ? [] : [printable(reason)]),
    ...about,
    ...(userAgent === null ? [] : [`"${shortUserAgent(userAgent)}"`]),
    ...timesOf(event),
  ].join('  ')
}

/** Under the outcome. */
const INDENT = ' '.repeat(secondTime(0).length + 2)

/** When, whether it went well, what, who, from where, through which client and why, how often. */
function compactLinesOf(event: ListedAuditEvent, width: number): string[] {
  const { occurredAtMs, type, reason, address, target } = event
  const time = validTime(occurredAtMs) === undefined ? timeText(occurredAtMs) : secondTime(occurredAtMs)
  const about = words({ ...whoOf(event), from: address, client: clientOf(event) })
  const more = [...about, ...(reason === null ? [] : [printable(reason)]), ...words({ target, by: byOf(event) })]
  const room = width - INDENT.length
  const said = [...more, ...timesOf(event)].map(word => cut(word, room))
  return wrap([time, outcomeOf(event), printable(type).padEnd(USUAL_TYPE), ...said].join('  '), width, INDENT)
}

/** @param wide in one line, however long */
export const linesOfEvent =
  (event: ListedAuditEvent, wide: true | undefined): Lines =>
  ({ width, paint }: Display) => {
    const [first = '', ...more] = wide ? [wideLineOf(event)] : compactLinesOf(event, width)
    return [first.replace('  FAILED  ', failed => paint('red', failed)), ...more]
  }
