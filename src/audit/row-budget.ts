/** How many rows the events that callers can repeat may be, second by second: nobody fills the disk with them, and nobody alone uses up the room. */
import type { Clock } from '../clock.ts'

const SECOND_MS = 1000
const MOST_A_SECOND = 100
/** What one network can't take away from the others. */
const MOST_OF_A_NETWORK = 40
/** So that the rows of the last minute's end leave room for what is new. */
const MOST_OF_THE_BACKLOG = 40

export interface RowBudget {
  /** Whether there is room for the first of its kind, from this network. */
  takeFor(network: string): boolean
  /** How many of these rows there is room for. */
  takeForBacklog(rows: number): number
}

export function createRowBudget(clock: Clock): RowBudget {
  let second = Number.NaN
  let left = 0
  let leftForBacklog = 0
  const takenBy = new Map<string, number>()

  /** A second that comes again, because the clock was set back, is a new one. */
  function followClock(): void {
    const now = Math.floor(clock.now() / SECOND_MS)
    if (now === second) return
    second = now
    left = MOST_A_SECOND
    leftForBacklog = MOST_OF_THE_BACKLOG
    takenBy.clear()
  }

  return {
    takeFor(network) {
      followClock()
      const taken = takenBy.get(network) ?? 0
      if (left === 0 || taken === MOST_OF_A_NETWORK) return false
      left -= 1
      takenBy.set(network, taken + 1)
      return true
    },
    takeForBacklog(rows) {
      followClock()
      const taken = Math.min(rows, left, leftForBacklog)
      left -= taken
      leftForBacklog -= taken
      return taken
    },
  }
}
