/**
 * Events that a caller can cause again without new work: refused grants, wrong passwords and tokens, repetitions. They cost the caller
 * nothing, so they must not be able to fill the disk or to delay an answer, nor tell by a delay which names are known. The first of
 * its kind is written at once; what repeats it within the minute is one more row at the minute's end, with their number. Together
 * they are a bounded number of rows a second; one row counts what is beyond (docs/adr/0023-what-repeats-is-counted.md).
 */
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { type AuditEvent, itself, type RecordEvent } from '../records/audit-event.ts'
import { networkOf } from '../records/network.ts'
import type { Write } from '../records/unit-of-work.ts'
import { createOutbox } from './outbox.ts'
import { createRowBudget } from './row-budget.ts'

const MINUTE_MS = 60_000
/** Rows that wait to be written, while the database is away or after a minute with much in it. */
const MOST_WAITING = 6000

/** One kind of event, for a minute from the first. */
interface Repeated {
  readonly firstAtMs: number
  /** The last of them. */
  event: AuditEvent
  /** Without the first, which is written. */
  count: number
}

export interface EventRecorder {
  readonly record: RecordEvent
  /**
   * Writes what is due. Called every second, so that a minute ends when nobody calls `record`.
   * @throws StorageUnavailable when the database is away; what was seen is kept, and the next call tries again
   */
  tick(): Promise<void>
  /** Writes everything that is counted or waits, whatever its time. */
  flush(): Promise<void>
  /** How many events were counted in the row of another one since the process began. */
  folded(): number
}

const networkIn = ({ provenance }: AuditEvent): string => networkOf(provenance.address ?? '')

/** Whoever sent the request: one that forwards addresses has no more room for having many. */
const senderOf = ({ provenance: { address, forwardedBy = address } }: AuditEvent): string =>
  networkOf(forwardedBy ?? '')

/**
 * Nothing that the caller can vary at will is in it, but the name. Strangers' API keys come through a client from everywhere; whoever
 * has a whole key that is over is no stranger, and is not hidden by them.
 */
const kindOf = (event: AuditEvent): string =>
  JSON.stringify([
    ...[event.type, event.outcome, event.reason, event.userId ?? event.nameHash, event.clientId],
    event.type === 'api_key.exchange' ? event.target : networkIn(event),
  ])

export function createEventRecorder(dependencies: {
  readonly write: Write
  readonly clock: Clock
  readonly log: Logger
}): EventRecorder {
  const { clock } = dependencies
  const budget = createRowBudget(clock)
  /** The oldest first. */
  const seen = new Map<string, Repeated>()
  /** Events that no row of their own stands for, for a minute from the first. */
  const beyond = { firstAtMs: 0, lastAtMs: 0, count: 0 }
  /** Waits for room. */
  const backlog: AuditEvent[] = []
  let folded = 0

  function passOver(events: readonly AuditEvent[]): void {
    if (beyond.count === 0) beyond.firstAtMs = clock.now()
    for (const { count = 1, occurredAtMs = clock.now() } of events) {
      beyond.count += count
      if (count === 1) folded += 1
      beyond.lastAtMs = occurredAtMs
    }
  }

  /** Whether its minute is over. When the clock was set back it is, too: nothing keeps the audit quiet until then. */
  const isOver = ({ firstAtMs }: { readonly firstAtMs: number }): boolean =>
    firstAtMs > clock.now() || clock.now() - firstAtMs >= MINUTE_MS

  /** What was counted waits for room from now on. */
  function endMinutes(isDue: typeof isOver): void {
    for (const [kind, repeated] of seen) {
      if (!isDue(repeated)) break
      const { event, count } = repeated
      if (count > 0) backlog.push({ ...event, count })
      seen.delete(kind)
    }
    passOver(backlog.splice(MOST_WAITING))
    if (beyond.count === 0 || !isDue(beyond)) return
    const { count, lastAtMs: occurredAtMs } = beyond
    beyond.count = 0
    const overflow = { type: 'audit.overflow', outcome: 'failure', reason: 'too_many_events' } as const
    backlog.push({ ...overflow, count, occurredAtMs, provenance: itself })
  }

  const outbox = createOutbox({
    ...dependencies,
    onRefused: event => passOver([event]),
    // The database is away: what was seen is not forgotten.
    onLeft(events) {
      backlog.unshift(...events)
      passOver(backlog.splice(MOST_WAITING))
    },
  })

  return {
    record(event) {
      endMinutes(isOver)
      const [kind, nowMs] = [kindOf(event), clock.now()]
      const known = seen.get(kind)
      const timed = { ...event, occurredAtMs: nowMs }
      if (known !== undefined) {
        known.count += 1
        folded += 1
        known.event = timed
      } else if (outbox.size() + backlog.length < MOST_WAITING && budget.takeFor(senderOf(event))) {
        seen.set(kind, { firstAtMs: nowMs, event: timed, count: 0 })
        outbox.add(timed)
        // Whoever calls `tick` next tries again and tells of it.
        outbox.empty().catch(() => undefined)
      } else passOver([timed])
    },

    async tick() {
      endMinutes(isOver)
      outbox.add(...backlog.splice(0, budget.takeForBacklog(backlog.length)))
      await outbox.empty()
    },

    async flush() {
      endMinutes(() => true)
      // What is added to a write that is at its end is left by it.
      do {
        outbox.add(...backlog.splice(0))
        await outbox.empty()
      } while (backlog.length > 0)
    },

    folded: () => folded,
  }
}
