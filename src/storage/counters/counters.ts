/** Counters of attempts on the database's table, and in memory while it is away. */
import type { RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible'
import type { Allowance, Counter, Counters, UsedUp } from '../../records/counters.ts'
import type { CounterTable } from '../engine/counter-table.ts'
import { createLimiters, keyOf } from './limiters.ts'

type Operation = <T>(counter: Counter, operate: (limiter: RateLimiterAbstract, key: string) => Promise<T>) => Promise<T>

const usedUp = (allowance: Allowance, { msBeforeNext }: RateLimiterRes): UsedUp => ({
  allowance,
  retryAfterSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)),
})

/** @param onAway told why when the store can't be used, and with undefined when it can be used again */
export function createCounters(dependencies: {
  readonly table: CounterTable
  readonly onAway: (error: unknown) => void
}): Counters {
  const { table, onAway } = dependencies
  const limiters = createLimiters(table.client)
  let [isAway, isBeingTried] = [false, false]

  function tell(error: unknown): void {
    const wasAway = isAway
    isAway = error !== undefined
    if (isAway !== wasAway) onAway(error)
  }

  /**
   * Gives `work` a way to the limiters. The first operation that the store fails at sends the rest of the work to memory, and while
   * the store is away, one work at a time tries it: the others do not wait for it to fail again.
   */
  async function within<T>(work: (operation: Operation) => Promise<T>): Promise<T> {
    const tries = isAway && !isBeingTried
    let isStored = !isAway || tries
    if (tries) isBeingTried = true
    const operation: Operation = async (counter, operate) => {
      if (isStored)
        try {
          const answer = await operate(limiters.stored(counter.allowance), counter.of)
          tell(undefined)
          return answer
        } catch (error) {
          isStored = false
          tell(error)
        }
      return operate(limiters.inMemory(counter), counter.of)
    }
    try {
      return await work(operation)
    } finally {
      if (tries) isBeingTried = false
    }
  }

  /** When its window is over, the next one begins with nothing given away. */
  async function giveBackOne(operation: Operation, counter: Counter): Promise<void> {
    const { consumedPoints } = await operation(counter, (limiter, key) => limiter.reward(key, 1))
    if (consumedPoints < 0) await operation(counter, (limiter, key) => limiter.penalty(key, 1))
  }

  const giveBackAll = (operation: Operation, counters: readonly Counter[]) =>
    Promise.all(counters.map(counter => giveBackOne(operation, counter)))

  return {
    take: counters =>
      within(async operation => {
        for (const [index, counter] of counters.entries()) {
          const taken = await operation(counter, (limiter, key) => limiter.penalty(key, 1))
          if (taken.consumedPoints <= counter.allowance.points) continue
          await giveBackAll(operation, counters.slice(0, index + 1))
          return usedUp(counter.allowance, taken)
        }
        return undefined
      }),

    giveBack: counters => within(async operation => void (await giveBackAll(operation, counters))),

    reset: counters =>
      within(async operation => {
        await Promise.all(counters.map(counter => operation(counter, (limiter, key) => limiter.delete(key))))
      }),

    look: counter =>
      within(async operation => {
        const taken = await operation(counter, (limiter, key) => limiter.get(key))
        const { allowance } = counter
        return taken !== null && taken.consumedPoints >= allowance.points ? usedUp(allowance, taken) : undefined
      }),

    forget(allowance, beginning) {
      const from = keyOf(allowance, beginning)
      return table.remove(from, `${from}\u{10FFFF}`)
    },

    removeOver: (nowMs, limit) => table.removeOver(nowMs, limit),
  }
}
