import type { Faults } from '../../src/compose/sources.ts'

/** A place on the way of a request where the test can stop it, without a timer. */
export interface Hold {
  /** From now on, whoever comes waits. */
  close(): void
  /** Lets everybody go who waits, and whoever comes. */
  open(): void
  /** Resolves when `count` wait. */
  waiting(count: number): Promise<void>
  /** Waits while the hold is closed, then does the work. */
  pass<T>(work: () => Promise<T>): Promise<T>
}

export function createHold(): Hold {
  let opened: PromiseWithResolvers<void> | undefined
  let waiters = 0
  let watchers: { readonly count: number; readonly resolve: () => void }[] = []

  function tellWatchers(): void {
    for (const { resolve } of watchers.filter(({ count }) => count <= waiters)) resolve()
    watchers = watchers.filter(({ count }) => count > waiters)
  }

  return {
    close: () => {
      opened ??= Promise.withResolvers()
    },
    open: () => {
      opened?.resolve()
      opened = undefined
    },
    waiting: count =>
      new Promise(resolve => {
        watchers.push({ count, resolve })
        tellWatchers()
      }),
    async pass(work) {
      if (opened !== undefined) {
        waiters += 1
        tellWatchers()
        await opened.promise
        waiters -= 1
      }
      return work()
    },
  }
}

/** Does `act` while the request is held back, and answers what the request got. */
export async function during<T>(hold: Hold, request: () => Promise<T>, act: () => Promise<unknown>): Promise<T> {
  hold.close()
  const answer = request()
  try {
    await hold.waiting(1)
    await act()
  } finally {
    hold.open()
  }
  return answer
}

/** Where the next write of a request can be held back. */
export function heldWrite() {
  const hold = createHold()
  let isHeld = false
  const write: NonNullable<Faults['write']> = inner => (work, size) => {
    if (!isHeld) return inner(work, size)
    isHeld = false
    return hold.pass(() => inner(work, size))
  }
  return {
    faults: { write },
    /** Does `act` while the request waits for its write. */
    meanwhile: <T>(request: () => Promise<T>, act: () => Promise<unknown>): Promise<T> =>
      during(
        hold,
        () => {
          isHeld = true
          return request()
        },
        act,
      ),
  }
}
