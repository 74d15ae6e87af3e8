/** Counters of attempts on the database's table, and in memory while it is away. */
import type { RateLimiterAbstract } from 'rate-limiter-flexible'
import type { Allowance, Counter, Counters, TakenPoint, UsedUp } from '../../records/counters.ts'
import type { CounterTable, Taken, Taking } from '../engine/counter-table.ts'
import { createLimiters, keyOf } from './limiters.ts'

/** Does it in the store, or in memory. */
type Either = <T>(inStore: () => Promise<T>, inMemory: () => Promise<T>) => Promise<T>
type Operation = <T>(counter: Counter, operate: (limiter: RateLimiterAbstract, key: string) => Promise<T>) => Promise<T>

const usedUp = (allowance: Allowance, { msBeforeNext }: Taken): UsedUp => ({
  allowance,
  retryAfterSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)),
})

/** The library says how much is left of a window, by the clock of this process. */
const endOf = ({ msBeforeNext }: Taken): number => Date.now() + msBeforeNext

/** Between what the library says and when it is heard. */
const SAME_WINDOW_MS = 1000

const takingOf = ({ allowance, of }: Counter): Taking => ({
  key: keyOf(allowance, of),
  points: allowance.points,
  windowMs: allowance.seconds * 1000,
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
  async function within<T>(work: (operation: Operation, either: Either) => Promise<T>): Promise<T> {
    const tries = isAway && !isBeingTried
    let isStored = !isAway || tries
    if (tries) isBeingTried = true
    const either: Either = async (inStore, inMemory) => {
      if (isStored)
        try {
          const answer = await inStore()
          tell(undefined)
          return answer
        } catch (error) {
          isStored = false
          tell(error)
        }
      return inMemory()
    }
    const operation: Operation = (counter, operate) =>
      either(
        () => operate(limiters.stored(counter.allowance), counter.of),
        () => operate(limiters.inMemory(counter), counter.of),
      )
    try {
      return await work(operation, either)
    } finally {
      if (tries) isBeingTried = false
    }
  }

  const latestEnd = ({ seconds }: Allowance): number => Date.now() + seconds * 1000 + SAME_WINDOW_MS

  /** It is tidying only: a store that is away is told of by whoever counts. */
  const removeUseless = (keys: readonly string[], afterMs: number): Promise<void> =>
    isAway ? Promise.resolve() : table.removeUseless(keys, afterMs).catch(() => {})

  async function takeOne(operation: Operation, counter: Counter): Promise<Taken> {
    const { allowance, of } = counter
    const take = () => operation(counter, (limiter, key) => limiter.penalty(key, 1))
    const taken = await take()
    if (endOf(taken) <= latestEnd(allowance)) return taken
    // The window began before the clock was set back, and would last until that time comes again.
    await removeUseless([keyOf(allowance, of)], latestEnd(allowance))
    return take()
  }

  /** Up to the first that is used up. */
  async function takeOneByOne(operation: Operation, counters: readonly Counter[]): Promise<readonly Taken[]> {
    const taken: Taken[] = []
    for (const counter of counters) {
      const last = await takeOne(operation, counter)
      taken.push(last)
      if (last.consumedPoints > counter.allowance.points) break
    }
    return taken
  }

  const { takeInTurn } = table
  const takeEach = (counters: readonly Counter[], operation: Operation, either: Either): Promise<readonly Taken[]> =>
    takeInTurn === undefined
      ? takeOneByOne(operation, counters)
      : either(
          () => takeInTurn(counters.map(takingOf)),
          () => takeOneByOne(operation, counters),
        )

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
      within(async (operation, either) => {
        if (counters.length === 0) return { points: [] }
        const taken = await takeEach(counters, operation, either)
        const points = taken.map((one, at) => ({ ...(counters[at] as Counter), untilMs: endOf(one) }))
        const [last, lastPoint] = [taken.at(-1) as Taken, points.at(-1) as TakenPoint]
        if (last.consumedPoints <= lastPoint.allowance.points) return { points }
        await giveBackAll(operation, points)
        return { usedUp: usedUp(lastPoint.allowance, last) }
      }),

    async giveBack(points) {
      if (points.length > 0) await within(operation => giveBackAll(operation, points))
    },

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
