/** How many requests are made at once. The others wait. */

const MOST = 8
/** So that one slow host leaves places to the others. */
const MOST_OF_A_HOST = 4

interface Waiter {
  readonly host: string
  admit(): void
}

export function createPlaces() {
  /** The host of each request that is being made. */
  const taken: string[] = []
  /** In their order. */
  const waiting = new Set<Waiter>()

  function admitNext(): void {
    for (const waiter of waiting) {
      if (taken.length === MOST) return
      if (taken.filter(host => host === waiter.host).length === MOST_OF_A_HOST) continue
      waiting.delete(waiter)
      taken.push(waiter.host)
      waiter.admit()
    }
  }

  const placeFor = (host: string, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const waiter = { host, admit: resolve }
      signal.addEventListener('abort', () => {
        waiting.delete(waiter)
        reject(signal.reason)
      })
      waiting.add(waiter)
      admitNext()
    })

  return {
    /**
     * Does `work` when there is a place for it.
     *
     * @throws what it throws, and the reason of the signal if that ends before there is a place
     */
    async run<T>(host: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
      await placeFor(host, signal)
      try {
        return await work()
      } finally {
        taken.splice(taken.indexOf(host), 1)
        admitNext()
      }
    },
  }
}
