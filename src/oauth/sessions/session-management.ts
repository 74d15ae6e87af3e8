/** Sessions as their users and the operators manage them. */
import type { Clock } from '../../clock.ts'
import type { Provenance } from '../../records/audit-event.ts'
import type { ListedSession, SessionFilter, SessionReader } from '../../records/session.ts'
import type { Write } from '../../records/unit-of-work.ts'
import type { SessionWriter } from './session-writer.ts'

export interface SessionManagement {
  /** Those that are alive, the one used last first. */
  list(filter: SessionFilter): Promise<readonly ListedSession[]>
  /** Ends every one of them, or as many as it can until the signal is aborted, and answers how many. */
  end(filter: SessionFilter, reason: string, by: Provenance, signal?: AbortSignal): Promise<number>
}

export function createSessionManagement(dependencies: {
  readonly sessionReader: SessionReader
  readonly sessionWriter: SessionWriter
  readonly write: Write
  readonly clock: Clock
}): SessionManagement {
  const { sessionReader, sessionWriter, write, clock } = dependencies
  return {
    list: filter => sessionReader.list(filter, clock.now()),

    async end(filter, reason, by, signal) {
      let total = 0
      for (;;) {
        const { ended, mayBeMore } = await write(stores => sessionWriter.end(stores, filter, reason, by))
        total += ended
        if (!mayBeMore || signal?.aborted) return total
      }
    },
  }
}
