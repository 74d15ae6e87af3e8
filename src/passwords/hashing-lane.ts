/** The lane in front of password hashing, which is slow on purpose and so the cheapest thing to flood. */

import type { Turn } from './turn.ts'
import { createWaiters } from './waiters.ts'

/** Of what may wait in a service; the next one is told to come back. The unit is an Argon2id of ours. */
export const MOST_WAITING_WORK = 64

/** What a unit takes until one was measured. */
const ASSUMED_MS_PER_UNIT = 50
/** What a new measurement counts for beside all before. */
const WEIGHT = 0.1

/** The lane is full. Nothing of the work was begun; it may be tried again after `retryAfterSeconds` whole seconds. */
export class TooManyWaiting extends Error {
  override readonly name = 'TooManyWaiting'
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super('Too many password checks are waiting.')
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export interface HashingLane {
  /**
   * Runs `work` when a slot is free and answers as it does.
   *
   * @param cost - of the work, more than 0; the unit is an Argon2id of ours
   * @throws TooManyWaiting before any work, when the turn has all that it may have in the lane, when the lane is full, or when a
   *   turn with nothing in it needed the place
   */
  run<T>(turn: Turn, cost: number, work: () => Promise<T>): Promise<T>
  /** How many wait; those that run are not counted. */
  depth(): number
  /** What they cost together. */
  waitingWork(): number
}

/**
 * Turns that wait are served one after the other, and in order of arrival within one. The lane is bounded by the work that waits in
 * it, so that few dear checks fill it like many cheap ones; but where nothing waits, any one check may.
 *
 * Nobody can keep the whole lane: when it is full, the first of a turn with nothing in it displaces the newest of the turn that has
 * the most of what it may have, unless that is no more than half.
 *
 * @param options.concurrency - how many works run at once, at least 1
 * @param options.limit - what may wait together costs this at most, more than 0
 * @param options.elapsedMs - a clock that nobody sets
 * @throws RangeError for other numbers
 */
export function createHashingLane(options: {
  readonly concurrency: number
  readonly limit: number
  readonly elapsedMs?: () => number
}): HashingLane {
  const { concurrency, limit, elapsedMs = () => performance.now() } = options
  if (!Number.isInteger(concurrency) || concurrency < 1) throw new RangeError('concurrency must be at least 1')
  if (!(limit > 0)) throw new RangeError('limit must be more than 0')
  const waiters = createWaiters()
  let running = 0
  let msPerUnit = ASSUMED_MS_PER_UNIT

  /** When all that waits now will have begun. */
  const tooManyWaiting = () =>
    new TooManyWaiting(Math.max(1, Math.ceil((waiters.work() * msPerUnit) / concurrency / 1000)))

  const fitsBeside = (work: number, cost: number) => work === 0 || work + cost <= limit

  /** Whether there is room now for a check of this turn. */
  function makeRoom(turn: Turn, cost: number): boolean {
    const held = waiters.countOf(turn)
    if (held >= turn.most) return false
    if (fitsBeside(waiters.work(), cost)) return true
    if (held > 0) return false
    const displaced = waiters.takeNewestOfFullest(newest => fitsBeside(waiters.work() - newest.cost, cost))
    displaced?.refuse(tooManyWaiting())
    return displaced !== undefined
  }

  function waitForSlot(turn: Turn, cost: number): Promise<void> {
    if (!makeRoom(turn, cost)) return Promise.reject(tooManyWaiting())
    return new Promise((admit, refuse) => waiters.add(turn, { cost, admit, refuse }))
  }

  function release(): void {
    const next = waiters.takeNext()
    // The slot is handed over without being freed, so that nobody who arrives in between can overtake.
    if (next === undefined) running -= 1
    else next.admit()
  }

  async function run<T>(turn: Turn, cost: number, work: () => Promise<T>): Promise<T> {
    if (running < concurrency) running += 1
    else await waitForSlot(turn, cost)
    const beganMs = elapsedMs()
    try {
      return await work()
    } finally {
      msPerUnit += WEIGHT * ((elapsedMs() - beganMs) / cost - msPerUnit)
      release()
    }
  }

  return { run, depth: waiters.count, waitingWork: waiters.work }
}
