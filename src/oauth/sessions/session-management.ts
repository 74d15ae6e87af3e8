/** Sessions as their users and the operators manage them. */
import type { Clock } from '../../clock.ts'
import type { Provenance } from '../../records/audit-event.ts'
import { MOST_LISTED } from '../../records/limits.ts'
import type { ListedSession, SessionFilter, SessionReader } from '../../records/session.ts'
import type { Write } from '../../records/unit-of-work.ts'
import type { Cascades } from './cascades.ts'
import type { SessionEnds } from './session-ends.ts'

export interface SessionManagement {
  /** Those that are alive: the `limit` that were started last, the one used last first. */
  list(filter: SessionFilter, limit?: number): Promise<readonly ListedSession[]>
  /** Ends every one of them, and answers how many. */
  end(filter: SessionFilter, reason: string, by: Provenance): Promise<number>
}

export function createSessionManagement(dependencies: {
  readonly sessionReader: SessionReader
  readonly cascades: Pick<Cascades, 'finishOne'> & Pick<SessionEnds, 'end'>
  readonly write: Write
  readonly clock: Clock
}): SessionManagement {
  const { sessionReader, cascades, write, clock } = dependencies
  return {
    list: (filter, limit = MOST_LISTED) => sessionReader.list(filter, clock.now(), limit),

    async end(filter, reason, by) {
      const { ended, cascadeId } = await write(stores => cascades.end(stores, filter, reason, by))
      return cascadeId === undefined ? ended : Math.max(ended, await cascades.finishOne(cascadeId))
    },
  }
}
