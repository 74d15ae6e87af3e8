/**
 * Removes what is older than the retention, seal by seal. The last seal that goes stays, without its events: its signed time proves how
 * old all that is missing is (verification.ts).
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import { itself } from '../records/audit-event.ts'
import type { AuditSeal } from '../records/audit-seal.ts'
import type { Readers, Write } from '../records/unit-of-work.ts'
import { headOf } from './encoding.ts'
import { MOST_ROWS } from './sealing.ts'

const SEALS_A_PAGE = 500
/** What is beyond waits for the next round. */
const MOST_SEALS = 20_000

/** Removes what is due, and answers how many events that were. */
export type RemoveOldEvents = (signal?: AbortSignal) => Promise<number>

/** Seals one after the other whose events are few enough for one write. */
function* inWrites(seals: readonly AuditSeal[]): Generator<AuditSeal> {
  let rows = 0
  for (const [index, seal] of seals.entries()) {
    rows += seal.count
    const next = seals[index + 1]
    if (next !== undefined && rows + next.count <= MOST_ROWS) continue
    yield seal
    rows = 0
  }
}

export function createRetention(dependencies: {
  readonly read: Pick<Readers, 'auditSeals'>
  readonly write: Write
  readonly clock: Clock
  /** Undefined: nothing is ever removed. */
  readonly retentionSeconds: number | undefined
}): RemoveOldEvents {
  const { read, write, clock, retentionSeconds } = dependencies

  /** From the first one to the last one that is old enough, with none in between that is not. */
  async function findDue(olderThanMs: number): Promise<readonly AuditSeal[]> {
    const found: AuditSeal[] = []
    let due = 0
    for (let after: number | undefined; found.length < MOST_SEALS; await nextTurn()) {
      const page = await read.auditSeals.seals(after, SEALS_A_PAGE)
      for (const seal of page) {
        // One of the future was made while the clock was wrong; those after it tell how old it is.
        if (seal.sealedAtMs >= olderThanMs && seal.sealedAtMs <= clock.now()) return found.slice(0, due)
        found.push(seal)
        if (seal.sealedAtMs < olderThanMs) due = found.length
      }
      if (page.length < SEALS_A_PAGE) break
      after = page.at(-1)?.number ?? after
    }
    return found.slice(0, due)
  }

  const hasEvents = async ({ number }: AuditSeal) => (await read.auditSeals.sealed(undefined, number, 1)).length > 0

  return async signal => {
    if (retentionSeconds === undefined) return 0
    const due = await findDue(clock.now() - retentionSeconds * 1000)
    const end = due.at(-1)
    if (end === undefined || (due.length === 1 && !(await hasEvents(end)))) return 0
    let total = 0
    for (const seal of inWrites(due)) {
      const isFirst = total === 0
      const removed = await write(async ({ auditSeals, audit }) => {
        const count = await auditSeals.removeUpTo(seal.number)
        if (isFirst && count > 0)
          await audit.append({
            ...{ type: 'audit.remove', outcome: 'success', reason: 'retention' },
            ...{ target: headOf(end), provenance: itself },
          })
        return count
      })
      total += removed
      if (signal?.aborted) break
      await nextTurn()
    }
    return total
  }
}
