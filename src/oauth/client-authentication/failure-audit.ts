/**
 * Events of failed client authentication. They cost the caller nothing, so they must not be able to fill the disk or to delay an
 * answer: nobody waits for them, what no client stands behind is left to the log, and what repeats counts once a minute.
 */
import type { Clock } from '../../clock.ts'
import type { Provenance } from '../../records/audit-event.ts'
import type { Write } from '../../records/unit-of-work.ts'

const QUIET_MS = 60_000
/** Different failures that are remembered; beyond that, in the same minute, the log alone has them. */
const MOST_REMEMBERED = 4096

export type RecordClientFailure = (failure: { clientId: string; reason: string; provenance: Provenance }) => void

export function createFailureAudit({
  write,
  clock,
}: {
  readonly write: Write
  readonly clock: Clock
}): RecordClientFailure {
  /** When each failure was recorded, the oldest first. */
  const recorded = new Map<string, number>()

  function isNew(key: string): boolean {
    const nowMs = clock.now()
    for (const [known, atMs] of recorded) {
      if (nowMs - atMs < QUIET_MS) break
      recorded.delete(known)
    }
    if (recorded.has(key) || recorded.size >= MOST_REMEMBERED) return false
    recorded.set(key, nowMs)
    return true
  }

  return ({ clientId, reason, provenance }) => {
    if (!isNew(`${clientId} ${reason} ${provenance.address}`)) return
    const event = { type: 'client.authenticate', outcome: 'failure', reason, clientId, provenance } as const
    // The answer is on its way, and the request's log line says the same.
    write(stores => stores.audit.append(event)).catch(() => {})
  }
}
