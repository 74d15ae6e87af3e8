/** Sessions as their users and the operators manage them. */
import { type Clock, isoTime } from '../../clock.ts'
import type { Provenance } from '../../records/audit-event.ts'
import type { ListedSession, SessionFilter, SessionReader } from '../../records/session.ts'
import type { Write } from '../../records/unit-of-work.ts'
import { BATCH, type Sessions } from './sessions.ts'

/** What its user and the operators are told of a session. */
export const describeSession = (session: ListedSession) => ({
  id: session.id,
  client_id: session.clientId,
  created_at: isoTime(session.createdAtMs),
  last_used_at: isoTime(session.lastUsedAtMs),
  expires_at: isoTime(session.expiresAtMs),
  address: session.address,
  user_agent: session.userAgent,
})

export interface SessionManagement {
  /** Those that are alive, the one used last first. */
  list(which: SessionFilter): Promise<readonly ListedSession[]>
  /** Ends every one of them, or as many as it can until the signal is aborted, and answers how many. */
  end(which: SessionFilter, reason: string, by: Provenance, signal?: AbortSignal): Promise<number>
}

export function createSessionManagement(dependencies: {
  readonly sessionReader: SessionReader
  readonly sessions: Sessions
  readonly write: Write
  readonly clock: Clock
}): SessionManagement {
  const { sessionReader, sessions, write, clock } = dependencies
  return {
    list: which => sessionReader.list(which, clock.now()),

    async end(which, reason, by, signal) {
      let total = 0
      for (;;) {
        const ended = await write(stores => sessions.end(stores, which, reason, by))
        total += ended
        if (ended < BATCH || signal?.aborted) return total
      }
    },
  }
}
