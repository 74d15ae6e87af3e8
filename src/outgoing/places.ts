/** How many requests are made at once. The others wait, in their order. */

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

  return {
    /**
     * Does `work` when there is a place for it. Where each has the same time from its call on, nobody waits for longer than that: those
     * in front began before.
     */
    async run<T>(host: string, work: () => Promise<T>): Promise<T> {
      await new Promise<void>(admit => {
        waiting.add({ host, admit })
        admitNext()
      })
      try {
        return await work()
      } finally {
        taken.splice(taken.indexOf(host), 1)
        admitNext()
      }
    },
  }
}
