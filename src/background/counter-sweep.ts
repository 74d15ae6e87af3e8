/** What the counters of attempts (../records/counters.ts) need beside requests. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import type { Counters } from '../records/counters.ts'
import { type Background, periodically } from './periodically.ts'

const EVERY_MS = 5 * 60_000
const BATCH = 200

/** Removes those whose windows are over. */
export function createCounterSweep(dependencies: {
  readonly counters: Pick<Counters, 'removeOver'>
  readonly clock: Clock
}): Background {
  const { counters, clock } = dependencies
  return periodically(
    EVERY_MS,
    async signal => {
      while (!signal.aborted && (await counters.removeOver(clock.now(), BATCH)) > 0) await nextTurn()
    },
    // A store that is away is told of by whoever counts; what is over counts for nothing.
    () => {},
  )
}

/** Says once that the store is away, and once that it is back. @param onAway told the same */
export const createAwayLog =
  (log: Logger, onAway: (isAway: boolean) => void): ((error: unknown) => void) =>
  error => {
    onAway(error !== undefined)
    if (error === undefined) log.info('failed sign-ins are counted in the store again')
    else log.warn({ err: error }, 'failed sign-ins are counted in memory only: the store of the counters is away')
  }
