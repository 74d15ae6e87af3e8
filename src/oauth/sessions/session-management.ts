/** Sessions as their users and the operators manage them. */
import type { Clock } from '../../clock.ts'
import type { Provenance } from '../../records/audit-event.ts'
import { MOST_COUNTED, MOST_LISTED } from '../../records/limits.ts'
import type { AliveSessions, ListedSession, SessionFilter, SessionReach, SessionReader } from '../../records/session.ts'
import type { Stores, Write } from '../../records/unit-of-work.ts'
import type { Cascades } from './cascades.ts'
import type { SessionEnds } from './session-ends.ts'

export interface SessionManagement {
  /** Those that are alive: the `limit` that were started last, the one used last first. */
  list(filter: SessionFilter, limit?: number): Promise<readonly ListedSession[]>
  /** Those that are alive, in the order of their start, the last one first, behind this one. */
  page(filter: SessionFilter, afterId: string | undefined, limit: number): Promise<readonly ListedSession[]>
  /** What an act would reach. MOST_COUNTED in all stand for so many or more. */
  countAlive(reach: SessionReach): Promise<AliveSessions>
  /**
   * Ends every one of them, and answers how many.
   * @param assertMay asked inside the first write, before anything ends: what it throws is thrown
   */
  end(
    filter: SessionFilter,
    reason: string,
    by: Provenance,
    assertMay?: (stores: Stores) => Promise<unknown>,
  ): Promise<number>
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

    page: (filter, afterId, limit) => sessionReader.page(filter, clock.now(), afterId, limit),

    countAlive: reach => sessionReader.countAlive(reach, clock.now(), MOST_COUNTED),

    async end(filter, reason, by, assertMay) {
      const { ended, cascadeId } = await write(async stores => {
        await assertMay?.(stores)
        return cascades.end(stores, filter, reason, by)
      })
      return cascadeId === undefined ? ended : Math.max(ended, await cascades.finishOne(cascadeId))
    },
  }
}
