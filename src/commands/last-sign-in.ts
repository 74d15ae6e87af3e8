/** The last sign-in of a user, as far back as the audit goes. */
import type { AuditTrail } from '../audit/trail.ts'
import { isoTime } from '../clock.ts'
import type { ListedAuditEvent } from '../records/audit-event.ts'
import { fullTime } from './times.ts'

/** Undefined: the audit has none, or none any more. */
export async function findLastSignIn(
  { list }: Pick<AuditTrail, 'list'>,
  userId: string,
  remark: (sentence: string) => void,
): Promise<ListedAuditEvent | undefined> {
  const { events } = await list({ userId, types: ['user.sign_in'], outcome: 'success' }, 1, remark)
  return events.at(-1)
}

export const describeSignIn = (event: ListedAuditEvent | undefined) =>
  event === undefined
    ? null
    : {
        at: isoTime(event.occurredAtMs),
        client_id: event.publicClientId,
        session_id: event.sessionId,
        address: event.address,
        user_agent: event.userAgent,
      }

export function linesOfSignIn(event: ListedAuditEvent | undefined, nowMs: number): readonly string[] {
  if (event === undefined) return ['none in the audit']
  const { occurredAtMs, address, publicClientId, clientId, userAgent } = event
  return [
    fullTime(occurredAtMs, nowMs),
    `from ${address ?? 'unknown'} through ${publicClientId ?? clientId ?? 'unknown'}`,
    ...(userAgent === null ? [] : [`with "${userAgent}"`]),
  ]
}
