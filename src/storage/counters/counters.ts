/** Counters of attempts on the database's table, and in memory while it is away. */
import type { RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible'
import type { Allowance, Counter, Counters, TakenPoint, UsedUp } from '../../records/counters.ts'
import type { CounterTable } from '../engine/counter-table.ts'
import { createLimiters, keyOf } from './limiters.ts'

type Operation = <T>(counter: Counter, operate: (limiter: RateLimiterAbstract, key: string) => Promise<T>) => Promise<T>

const usedUp = (allowance: Allowance, { msBeforeNext }: RateLimiterRes): UsedUp => ({
  allowance,
  retryAfterSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)),
})

/** The library says how much is left of a window, by the clock of this process. */
const endOf = ({ msBeforeNext }: RateLimiterRes): number => Date.now() + msBeforeNext

/** Between what the library says and when it is heard. */
const SAME_WINDOW_MS = 1000

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

  const latestEnd = ({ seconds }: Allowance): number => Date.now() + seconds * 1000 + SAME_WINDOW_MS

  /** It is tidying only: a store that is away is told of by whoever counts. */
  const removeUseless = (keys: readonly string[], afterMs: number): Promise<void> =>
    isAway ? Promise.resolve() : table.removeUseless(keys, afterMs).catch(() => {})

  async function takeOne(operation: Operation, counter: Counter) {
    const { allowance, of } = counter
    const take = () => operation(counter, (limiter, key) => limiter.penalty(key, 1))
    let taken = await take()
    if (endOf(taken) > latestEnd(allowance)) {
      // The window began before the clock was set back, and would last until that time comes again.
      await removeUseless([keyOf(allowance, of)], latestEnd(allowance))
      taken = await take()
    }
    return { taken, point: { ...counter, untilMs: endOf(taken) } }
  }

  /** Another window than that in which it was taken gets it back: the library would begin one with credit. */
  async function giveBackOne(operation: Operation, point: TakenPoint): Promise<void> {
    const left = await operation(point, (limiter, key) => limiter.reward(key, 1))
    if (left.consumedPoints < 0 || Math.abs(endOf(left) - point.untilMs) > SAME_WINDOW_MS)
      await operation(point, (limiter, key) => limiter.penalty(key, 1))
  }

  /** What counts nothing does not stay until its time is over: refused attempts for ever other names would fill the disk. */
  async function giveBackAll(operation: Operation, points: readonly TakenPoint[]): Promise<void> {
    await Promise.all(points.map(point => giveBackOne(operation, point)))
    await removeUseless(
      points.map(({ allowance, of }) => keyOf(allowance, of)),
      Number.MAX_SAFE_INTEGER,
    )
  }

  return {
    take: counters =>
      within(async operation => {
        const points: TakenPoint[] = []
        for (const counter of counters) {
          const { taken, point } = await takeOne(operation, counter)
          points.push(point)
          if (taken.consumedPoints <= counter.allowance.points) continue
          await giveBackAll(operation, points)
          return { usedUp: usedUp(counter.allowance, taken) }
        }
        return { points }
      }),

    giveBack: points => within(operation => giveBackAll(operation, points)),

    reset: counters =>
      within(async operation => {
        await Promise.all(counters.map(counter => operation(counter, (limiter, key) => limiter.delete(key))))
      }),

    look: counter =>
      within(async operation => {
        const taken = await operation(counter, (limiter, key) => limiter.get(key))
        const { allowance } = counter
        if (taken === null || taken.consumedPoints < allowance.points || endOf(taken) > latestEnd(allowance))
          return undefined
        return usedUp(allowance, taken)
      }),

    forget(allowance, beginning) {
      const from = keyOf(allowance, beginning)
      return table.remove(from, `${from}\u{10FFFF}`)
    },

    removeOver: (nowMs, limit) => table.removeOver(nowMs, limit),
  }
}
