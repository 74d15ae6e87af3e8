import { isIP, SocketAddress } from 'node:net'

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
   * @param network - whom the place in the queue is counted for, see {@link networkOf}
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

/**
 * The network that an address is counted under: the /24 of an IPv4 address, the /48 of an IPv6 address, which is the
 * most that one subscriber is usually given (RFC 6177). An IPv4-mapped IPv6 address counts as the IPv4 address.
 *
 * @param address - as a socket reports it, with or without a zone; anything else counts as `unknown`
 */
export function networkOf(address: string): string {
  const version = isIP(address)
  if (version === 0) return 'unknown'
  if (version === 4) return ipv4Network(address)
  const [withoutZone = ''] = address.split('%')
  // Node writes every spelling of an IPv6 address in the one form of RFC 5952.
  const canonical = new SocketAddress({ address: withoutZone, family: 'ipv6' }).address
  const mapped = /^::ffff:([\d.]+)$/.exec(canonical)?.[1]
  return mapped === undefined ? ipv6Network(canonical) : ipv4Network(mapped)
}

function ipv4Network(address: string): string {
  return `${address.slice(0, address.lastIndexOf('.'))}.0/24`
}

function ipv6Network(canonical: string): string {
  const [head = '', tail] = canonical.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':')
    while (groups.length + after.length < 8) groups.push('0')
    groups.push(...after)
  }
  return `${groups.slice(0, 3).join(':')}::/48`
}
