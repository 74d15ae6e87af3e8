/**
 * How many tokens a client may be issued in a minute, and one subject through it, where an operator has said so: what is beyond is
 * refused before anything is consumed (RFC 6585 §4).
 */
import type { RecordEvent } from '../records/audit-event.ts'
import { type Counter, type Counters, TooManyAttempts } from '../records/counters.ts'
import type { Session } from '../records/session.ts'
import type { Authorization } from './authorization.ts'
import type { ClientRequest } from './client-authentication/client-authentication.ts'
import { eventOf } from './sessions/grant-events.ts'
import type { SessionChange } from './sessions/session-changes.ts'

const SECONDS = 60

/** @throws TooManyAttempts */
export type AssertWithinLimits = (authorization: Authorization, request: ClientRequest) => Promise<void>

const sessionOf = (change: SessionChange): Pick<Session, 'id' | 'subjectId' | 'credentialId'> =>
  change.kind === 'start' ? change.session : change.row

/**
 * A refresh that is sent again is counted by itself: its rotation was counted, and whoever lost the answer must be able to get it
 * before the grace is over.
 */
const whatIsCounted = (change: SessionChange): string =>
  change.kind === 'extend' && change.previousHash !== undefined ? 'repeats' : 'grants'

/** None for a client without limits, which costs it nothing. */
function countersOf({ client, change }: Authorization): readonly Counter[] {
  const { id, grantsPerMinute: limits } = client
  if (limits === null) return []
  const what = whatIsCounted(change)
  const ofClient = { allowance: { name: `client_${what}`, points: limits.client, seconds: SECONDS }, of: id }
  if (limits.subject === null) return [ofClient]
  const allowance = { name: `subject_${what}`, points: limits.subject, seconds: SECONDS }
  // Whoever has had enough takes nothing from the others.
  return [{ allowance, of: `${id}:${sessionOf(change).subjectId}` }, ofClient]
}

export function createGrantLimits(dependencies: {
  readonly counters: Pick<Counters, 'take'>
  readonly recordEvent: RecordEvent
}): AssertWithinLimits {
  const { counters, recordEvent } = dependencies

  function refuse({ client, change, provenance }: Authorization, retryAfterSeconds: number): never {
    const asking = { clientId: client.id, provenance }
    const isStart = change.kind === 'start'
    const { sessionId, ...event } = eventOf(isStart ? 'user.sign_in' : 'session.refresh', sessionOf(change), asking)
    const known = isStart || sessionId === undefined ? {} : { sessionId }
    recordEvent({ ...event, ...known, outcome: 'failure', reason: 'rate_limited' })
    throw new TooManyAttempts({ retryAfterSeconds })
  }

  return async (authorization, request) => {
    const counted = countersOf(authorization)
    if (counted.length === 0) return
    // A request that runs again is issued one token.
    const taken = await request.prove('limits', () => counters.take(counted))
    if ('usedUp' in taken) refuse(authorization, taken.usedUp.retryAfterSeconds)
  }
}
