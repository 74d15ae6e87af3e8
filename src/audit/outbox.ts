/** Events whose rows are being written, beside requests and a hundred at a time. Each stays here until its row is there. */
import type { Logger } from 'pino'
import type { AuditEvent } from '../records/audit-event.ts'
import { StorageUnavailable, type Write } from '../records/unit-of-work.ts'

const LARGEST_BATCH = 100

export interface Outbox {
  add(...events: readonly AuditEvent[]): void
  size(): number
  /**
   * Writes all that is here; whoever asks meanwhile gets the same.
   * @throws StorageUnavailable when the database is away
   */
  empty(): Promise<void>
}

export function createOutbox(dependencies: {
  readonly write: Write
  readonly log: Logger
  /** Told of one that the database refuses for good. */
  readonly onRefused: (event: AuditEvent) => void
  /** Given those that could not be written, and are not here any more. */
  readonly onLeft: (events: readonly AuditEvent[]) => void
}): Outbox {
  const { write, log, onRefused, onLeft } = dependencies
  const waiting: AuditEvent[] = []
  let emptying: Promise<void> | undefined

  const append = (batch: readonly AuditEvent[]): Promise<void> =>
    write(async stores => {
      for (const event of batch) await stores.audit.append(event)
    })

  async function writeAll(): Promise<void> {
    for (let most = LARGEST_BATCH; waiting.length > 0; ) {
      const batch = waiting.slice(0, most)
      try {
        await append(batch)
        waiting.splice(0, batch.length)
      } catch (error) {
        if (error instanceof StorageUnavailable) throw error
        // One that the database refuses for good must not keep the others waiting.
        if (batch.length > 1) most = 1
        else {
          for (const event of waiting.splice(0, 1)) onRefused(event)
          log.error({ err: error }, 'an audit event was refused by the database')
        }
      }
    }
  }

  async function begin(): Promise<void> {
    // The answer goes first, and what comes in the same turn of the event loop shares a write.
    await new Promise(resolve => setImmediate(resolve))
    try {
      await writeAll()
    } finally {
      emptying = undefined
      onLeft(waiting.splice(0))
    }
  }

  return {
    add: (...events) => void waiting.push(...events),
    size: () => waiting.length,
    empty() {
      emptying ??= begin()
      return emptying
    },
  }
}
