/** Lets the publisher know of this process's revocations as soon as they are durable, whichever act they belong to. */
import type { Stores, Write } from '../../records/unit-of-work.ts'

export interface RevocationNews {
  /** The same write, which tells the listener of the status lists that it changed. */
  announcing(write: Write): Write
  /** @param listener is told before the act is answered */
  listen(listener: (listIds: Iterable<string>) => void): void
}

export function createRevocationNews(): RevocationNews {
  let tell: (listIds: Iterable<string>) => void = () => {}

  const noting = (stores: Stores, listIds: Set<string>): Stores => ({
    ...stores,
    revocations: {
      ...stores.revocations,
      add: revocations => {
        for (const { listId } of revocations) listIds.add(listId)
        return stores.revocations.add(revocations)
      },
    },
  })

  return {
    announcing: write => async work => {
      const listIds = new Set<string>()
      try {
        return await write(stores => work(noting(stores, listIds)))
      } finally {
        // Also when it failed: the connection may have been lost after the commit.
        if (listIds.size > 0) tell(listIds)
      }
    },
    listen: listener => {
      tell = listener
    },
  }
}
