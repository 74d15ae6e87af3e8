/** Lets somebody follow what is written: how long each write takes, and which events and revocations are durable with it. */
import type { AuditEvent } from '../records/audit-event.ts'
import { StorageUnavailable, type Stores, type Write } from '../records/unit-of-work.ts'

/** `undone`: the work itself threw, and nothing is wrong with the database. */
export type WriteOutcome = 'success' | 'undone' | 'unavailable'

export interface WriteObserver {
  /** @param seconds from the call to the answer: with the wait for the lock, and for the disk */
  over(outcome: WriteOutcome, seconds: number): void
  appended(event: AuditEvent): void
  /** @param indices how many, of status lists */
  revoked(indices: number): void
}

interface Noted {
  readonly events: AuditEvent[]
  indices: number
}

/** Notes what only the end of the write makes true. */
const noting = (stores: Stores, noted: Noted): Stores => ({
  ...stores,
  audit: {
    ...stores.audit,
    async append(event) {
      await stores.audit.append(event)
      noted.events.push(event)
    },
  },
  revocations: {
    ...stores.revocations,
    async add(revocations) {
      await stores.revocations.add(revocations)
      noted.indices += revocations.length
    },
  },
})

async function observed<T>(observer: WriteObserver, work: () => Promise<T>): Promise<T> {
  const beganAt = performance.now()
  const tell = (outcome: WriteOutcome) => observer.over(outcome, (performance.now() - beganAt) / 1000)
  try {
    const value = await work()
    tell('success')
    return value
  } catch (error) {
    tell(error instanceof StorageUnavailable ? 'unavailable' : 'undone')
    throw error
  }
}

/** Until somebody observes it, each write is handed on as it is. */
export function createObservableWrite(write: Write): {
  readonly write: Write
  readonly observe: (observer: WriteObserver) => void
} {
  let observer: WriteObserver | undefined

  async function writeNoted<T>(to: WriteObserver, work: (stores: Stores) => Promise<T>): Promise<T> {
    let noted: Noted = { events: [], indices: 0 }
    const value = await write(stores => {
      // The work of a victim of a deadlock is run again.
      noted = { events: [], indices: 0 }
      return work(noting(stores, noted))
    })
    for (const event of noted.events) to.appended(event)
    if (noted.indices > 0) to.revoked(noted.indices)
    return value
  }

  return {
    write: (work, size) => {
      const to = observer
      if (to === undefined) return write(work, size)
      // A single statement is neither an event nor a revocation.
      return observed(to, () => (size === undefined ? writeNoted(to, work) : write(work, size)))
    },
    observe: another => {
      observer = another
    },
  }
}
