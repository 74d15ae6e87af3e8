/** What the audit says of a token that was released. */
import { isApiKeyId } from '../../records/api-key.ts'
import type { AuditEvent } from '../../records/audit-event.ts'
import { isClient } from '../../records/client.ts'
import type { Session } from '../../records/session.ts'
import type { Asking } from './asking.ts'

/** @param ofSignIn what it is where a user asks; a machine's grants say which credential asks, whatever changes of the row */
export function eventOf(
  ofSignIn: 'user.sign_in' | 'session.refresh' | 'session.repeat',
  { id, subjectId, credentialId }: Pick<Session, 'id' | 'subjectId' | 'credentialId'>,
  { clientId, assertion, provenance }: Pick<Asking, 'clientId' | 'provenance'> & Partial<Pick<Asking, 'assertion'>>,
): AuditEvent {
  const who = { ...(isClient(subjectId) ? {} : { userId: subjectId }), clientId, sessionId: id, provenance } as const
  const details = assertion && { details: assertion.details }
  if (credentialId === null) return { type: ofSignIn, outcome: 'success', ...who, ...details }
  const type = isApiKeyId(credentialId) ? 'api_key.exchange' : 'client.grant'
  return { type, outcome: 'success', ...who, target: credentialId, ...details }
}
