/** Hashes a second that one slot is expected to do at least; it only scales the advice in Retry-After. */
const HASHES_PER_SECOND = 20

/** Passwords that wait in a service; the next one is told to come back. */
export const LONGEST_QUEUE = 64

type Waiter = { admit: () => void; refuse: (error: TooManyWaiting) => void }

/** The queue is full. Nothing of the work was begun; it may be tried again after `retryAfterSeconds` whole seconds. */
export class TooManyWaiting extends Error {
  override readonly name = 'TooManyWaiting'
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super('Too many password checks are waiting.')
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export type HashingQueue = {
  /**
   * Runs `work` when a slot is free and answers as it does.
   *
   * @param network - whom the place in the queue is counted for, see networkOf in records/network.ts
   * @throws TooManyWaiting before any work, when the queue is full or a network with nothing in it needed the place
   */
  run<T>(network: string, work: () => Promise<T>): Promise<T>
  /** How many wait; those that run are not counted. */
  depth(): number
}

/**
 * A queue in front of password hashing, which is slow on purpose and so the cheapest thing to flood.
 *
 * Networks that wait are served in turn, and in order of arrival within one. No network can keep every place: when all
 * are taken, the first of a network with nothing in the queue displaces the newest of the network that holds the most.
 *
 * @param options.concurrency - how many works run at once, at least 1
 * @param options.limit - how many may wait in total, at least 0
 * @throws RangeError for other numbers
 */
export function createHashingQueue({ concurrency, limit }: { concurrency: number; limit: number }): HashingQueue {
  if (!Number.isInteger(concurrency) || concurrency < 1) throw new RangeError('concurrency must be at least 1')
  if (!Number.isInteger(limit) || limit < 0) throw new RangeError('limit must be at least 0')
  const places = createPlaces()
  let running = 0

  function tooManyWaiting(): TooManyWaiting {
    return new TooManyWaiting(Math.max(1, Math.ceil(limit / concurrency / HASHES_PER_SECOND)))
  }

  function waitForSlot(network: string): Promise<void> {
    if (places.count() >= limit) {
      const displaced = places.has(network) ? undefined : places.takeNewestOfLargest()
      if (displaced === undefined) return Promise.reject(tooManyWaiting())
      displaced.refuse(tooManyWaiting())
    }
    return new Promise((admit, refuse) => places.add(network, { admit, refuse }))
  }

  function release(): void {
    const next = places.takeNext()
    // The slot is handed over without being freed, so that nobody who arrives in between can overtake.
    if (next === undefined) running -= 1
    else next.admit()
  }

  async function run<T>(network: string, work: () => Promise<T>): Promise<T> {
    if (running < concurrency) running += 1
    else await waitForSlot(network)
    try {
      return await work()
    } finally {
      release()
    }
  }

  return { run, depth: places.count }
}

/** Who waits, by network. The order of the map is the order in which networks have their turn; no list is empty. */
function createPlaces() {
  const byNetwork = new Map<string, Waiter[]>()
  let total = 0

  function add(network: string, waiter: Waiter): void {
    const waiters = byNetwork.get(network)
    if (waiters === undefined) byNetwork.set(network, [waiter])
    else waiters.push(waiter)
    total += 1
  }

  function takeNext(): Waiter | undefined {
    for (const [network, waiters] of byNetwork) {
      const waiter = waiters.shift()
      byNetwork.delete(network)
      if (waiters.length > 0) byNetwork.set(network, waiters)
      total -= 1
      return waiter
    }
    return undefined
  }

  /** A network's only place is never taken from it. */
  function takeNewestOfLargest(): Waiter | undefined {
    let largest: Waiter[] = []
    for (const waiters of byNetwork.values()) if (waiters.length > largest.length) largest = waiters
    if (largest.length < 2) return undefined
    total -= 1
    return largest.pop()
  }

  return { add, takeNext, takeNewestOfLargest, has: (network: string) => byNetwork.has(network), count: () => total }
}
