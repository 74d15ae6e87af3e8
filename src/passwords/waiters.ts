/** Who waits in the hashing lane, and whose turn is next. */
import type { Turn } from './turn.ts'

export interface Waiter {
  /** Of the work that waits. */
  readonly cost: number
  admit(): void
  refuse(error: Error): void
}

/** Of the places that a turn may have, this share is safe from others, and one at least. */
const SAFE_SHARE = 0.5

interface Line {
  readonly turn: Turn
  readonly waiters: Waiter[]
}

const isSafe = ({ turn, waiters }: Line) => waiters.length <= Math.max(1, turn.most * SAFE_SHARE)
const fullness = ({ turn, waiters }: Line) => waiters.length / turn.most

export function createWaiters() {
  /** The order of the map is the order in which turns are served; no line is empty. */
  const lines = new Map<string, Line>()
  let [count, work] = [0, 0]

  function leave(waiter: Waiter): Waiter {
    count -= 1
    // Costs are fractions, whose sum would not come back to nothing by itself.
    work = count === 0 ? 0 : work - waiter.cost
    return waiter
  }

  return {
    count: () => count,
    work: () => work,
    countOf: ({ key }: Turn): number => lines.get(key)?.waiters.length ?? 0,

    add(turn: Turn, waiter: Waiter): void {
      const line = lines.get(turn.key)
      if (line === undefined) lines.set(turn.key, { turn, waiters: [waiter] })
      else line.waiters.push(waiter)
      count += 1
      work += waiter.cost
    },

    /** The first of the turn that is next; that turn is then the last. */
    takeNext(): Waiter | undefined {
      for (const [key, line] of lines) {
        const waiter = line.waiters.shift()
        lines.delete(key)
        if (line.waiters.length > 0) lines.set(key, line)
        return waiter && leave(waiter)
      }
      return undefined
    },

    /** The newest of the turn that holds the most of what it may, if that is more than what is safe, and if it helps. */
    takeNewestOfFullest(helps: (waiter: Waiter) => boolean): Waiter | undefined {
      const [fullest] = [...lines.values()].filter(line => !isSafe(line)).sort((a, b) => fullness(b) - fullness(a))
      const newest = fullest?.waiters.at(-1)
      if (newest === undefined || !helps(newest)) return undefined
      fullest?.waiters.pop()
      return leave(newest)
    },
  }
}
