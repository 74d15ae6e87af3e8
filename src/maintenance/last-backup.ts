/** How old the last copy is that `signet backup` made. Copies that other tools make leave no trace. */
import { type Clock, isoTime } from '../clock.ts'
import type { AuditReader } from '../records/audit-event.ts'

export interface LastBackup {
  /** Undefined unless backups came regularly, and come no more. */
  readonly warning: string | undefined
  readonly note: string
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** A week, and a day for a job that is late. */
const REGULAR_MS = 8 * DAY_MS

function ageOf(ms: number): string {
  if (ms < HOUR_MS) return `${Math.max(0, Math.floor(ms / MINUTE_MS))} min`
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`
  return `${Math.floor(ms / DAY_MS)} days`
}

/** Those of PostgreSQL are made by its own tools. */
export const backedUpByServer: LastBackup = {
  warning: undefined,
  note: "Not known: PostgreSQL's own tools make it. docs/postgresql.md#backup-and-restore",
}

export async function lastBackup(audit: Pick<AuditReader, 'list'>, clock: Clock): Promise<LastBackup> {
  const [last, before] = (await audit.list({ types: ['database.backup'] }, 2)).toReversed()
  if (last === undefined)
    return {
      warning: undefined,
      note: 'None by signet backup is known, and of other tools nothing is. docs/runbooks/backup.md',
    }
  const ageMs = clock.now() - last.occurredAtMs
  const told = `${ageOf(ageMs)} ago, at ${isoTime(last.occurredAtMs)} by ${last.actor}.`
  // One that was made before an upgrade, perhaps, beside the tool that makes the others.
  const isRegular = before !== undefined && last.occurredAtMs - before.occurredAtMs <= REGULAR_MS
  const isLate = isRegular && ageMs > REGULAR_MS
  return {
    warning: isLate ? `${told} Before, they came at least once a week: does the job still run?` : undefined,
    note: told,
  }
}
