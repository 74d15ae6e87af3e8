/**
 * Events that a caller can cause again without new work: refused grants, wrong passwords and tokens, repetitions. They cost the caller
 * nothing, so they must not be able to fill the disk or to delay an answer, nor tell by a delay which names are known. The first of
 * its kind is written at once; what repeats it within the minute is one more row at the minute's end, with their number. Together
 * they are a bounded number of rows a second; one row counts what is beyond.
 */
import type { Clock } from '../clock.ts'
import { type AuditEvent, itself, type RecordEvent } from '../records/audit-event.ts'
import { networkOf } from '../records/network.ts'
import type { Write } from '../records/unit-of-work.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60_000
const MOST_A_SECOND = 100
/** So that the rows of the last minute's end leave room for what is new. */
const MOST_OF_BACKLOG_A_SECOND = MOST_A_SECOND / 2
/** Rows that wait to be written, while the database is away or after a minute with much in it; what is beyond is counted in one. */
const MOST_WAITING = MOST_A_SECOND * 60

interface Repeated {
  /** The last of them. */
  event: AuditEvent
  /** Without the first, which is written. */
  count: number
}

export interface EventRecorder {
  readonly record: RecordEvent
  /** Writes what is due. Called every second, so that a minute ends when nobody calls `record`. */
  tick(): Promise<void>
  /** Writes everything that is counted or waits, whatever its time. */
  flush(): Promise<void>
}

/** Strangers' API keys come through a client from everywhere; whoever has a whole key that is over is no stranger, and is not hidden by them. */
const networkIn = ({ type, provenance }: AuditEvent): string =>
  type === 'api_key.exchange' ? '' : networkOf(provenance.address ?? '')

const kindOf = (event: AuditEvent): string =>
  JSON.stringify([
    ...[event.type, event.outcome, event.reason, event.userId ?? event.nameHash, event.target],
    ...[event.clientId, networkIn(event)],
  ])

const countAll = (events: readonly AuditEvent[]): number => events.reduce((total, { count = 1 }) => total + count, 0)

export function createEventRecorder({ write, clock }: { readonly write: Write; readonly clock: Clock }): EventRecorder {
  const secondOf = () => Math.floor(clock.now() / SECOND_MS)
  const minuteOf = () => Math.floor(clock.now() / MINUTE_MS)
  let [second, minute] = [secondOf(), minuteOf()]
  let [leftForNew, leftForBacklog] = [MOST_A_SECOND, MOST_OF_BACKLOG_A_SECOND]
  const seen = new Map<string, Repeated>()
  /** Events that no row of their own stands for. */
  let folded = 0
  let outbox: AuditEvent[] = []
  const backlog: AuditEvent[] = []
  let writing: Promise<void> | undefined

  /** A clock that was set back begins a new minute, too: nothing keeps the audit quiet until then. */
  function endMinute(): void {
    for (const { event, count } of seen.values()) if (count > 0) backlog.push({ ...event, count })
    seen.clear()
    if (folded > 0)
      backlog.push({
        ...{ type: 'audit.fold', outcome: 'failure', reason: 'too_many_events' },
        ...{ count: folded, occurredAtMs: clock.now(), provenance: itself },
      })
    folded = 0
    folded += countAll(backlog.splice(MOST_WAITING))
  }

  function followClock(): void {
    if (secondOf() !== second) [leftForNew, leftForBacklog] = [MOST_A_SECOND, MOST_OF_BACKLOG_A_SECOND]
    second = secondOf()
    if (minuteOf() === minute) return
    minute = minuteOf()
    endMinute()
  }

  function take(most: number): void {
    const due = backlog.splice(0, most)
    leftForBacklog -= due.length
    leftForNew -= due.length
    outbox.push(...due)
  }

  async function writeOutbox(): Promise<void> {
    while (outbox.length > 0) {
      const batch = outbox.splice(0, MOST_A_SECOND)
      try {
        await write(async stores => {
          for (const event of batch) await stores.audit.append(event)
        })
      } catch {
        // The database is away: what was seen is not forgotten. Whoever writes next tries again.
        outbox = [...batch, ...outbox]
        folded += countAll(outbox.splice(MOST_WAITING))
        return
      }
    }
  }

  function drain(): Promise<void> {
    writing ??= writeOutbox().finally(() => {
      writing = undefined
    })
    return writing
  }

  return {
    record(event) {
      followClock()
      const kind = kindOf(event)
      const known = seen.get(kind)
      const timed = { ...event, occurredAtMs: clock.now() }
      if (known !== undefined) {
        known.count += 1
        known.event = timed
      } else if (leftForNew <= 0) folded += 1
      else {
        leftForNew -= 1
        seen.set(kind, { event: timed, count: 0 })
        outbox.push(timed)
        void drain()
      }
    },

    async tick() {
      followClock()
      take(Math.max(0, Math.min(leftForBacklog, leftForNew)))
      await drain()
    },

    async flush() {
      endMinute()
      take(backlog.length)
      await drain()
    },
  }
}
