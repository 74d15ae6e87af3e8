/**
 * Events of credentials that were refused. They cost the caller nothing, so they must not be able to fill the disk or to delay an
 * answer: nobody waits for them, what no client stands behind is left to the log, and what repeats counts once a minute.
 */
import type { Clock } from '../../clock.ts'
import type { Provenance } from '../../records/audit-event.ts'
import type { Write } from '../../records/unit-of-work.ts'

const QUIET_MS = 60_000
/** Different failures that are remembered; beyond that, in the same minute, the log alone has them. */
const MOST_REMEMBERED = 4096

interface Failure {
  readonly type: 'client.authenticate' | 'api_key.exchange'
  readonly clientId: string
  readonly reason: string
  /** The key, where there is one. */
  readonly target?: string
  readonly provenance: Provenance
}

export type RecordFailure = (failure: Failure) => void

/** Strangers' keys come through a client from everywhere. Whoever has a whole key that is over is no stranger, and is not hidden by them. */
const countsAs = ({ type, clientId, reason, target, provenance }: Failure): string =>
  type === 'api_key.exchange' ? `${clientId} ${type} ${target ?? ''}` : `${clientId} ${reason} ${provenance.address}`

export function createFailureAudit({ write, clock }: { readonly write: Write; readonly clock: Clock }): RecordFailure {
  /** When each failure was recorded, the oldest first. */
  const recorded = new Map<string, number>()

  function isNew(key: string): boolean {
    const nowMs = clock.now()
    for (const [known, atMs] of recorded) {
      // What lies ahead was recorded before the clock was set back, and must not keep the audit quiet until then.
      if (atMs <= nowMs && nowMs - atMs < QUIET_MS) break
      recorded.delete(known)
    }
    if (recorded.has(key) || recorded.size >= MOST_REMEMBERED) return false
    recorded.set(key, nowMs)
    return true
  }

  return failure => {
    if (!isNew(countsAs(failure))) return
    // The answer is on its way, and the request's log line says the same.
    write(stores => stores.audit.append({ ...failure, outcome: 'failure' })).catch(() => {})
  }
}
