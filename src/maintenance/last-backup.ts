/** How old the last copy is that `signet backup` made. Copies that other tools make leave no trace. */
import { type Clock, isoTime, relativeTime } from '../clock.ts'
import type { AuditReader } from '../records/audit-event.ts'

export interface LastBackup {
  /** Undefined unless backups came regularly, and come no more. */
  readonly warning: string | undefined
  readonly note: string
}

/** A week, and a day for a job that is late. */
const REGULAR_MS = 8 * 24 * 3_600_000

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
  const told = `${relativeTime(last.occurredAtMs, clock.now())}, at ${isoTime(last.occurredAtMs)} by ${last.actor}.`
  // One that was made before an upgrade, perhaps, beside the tool that makes the others.
  const isRegular = before !== undefined && last.occurredAtMs - before.occurredAtMs <= REGULAR_MS
  const isLate = isRegular && ageMs > REGULAR_MS
  return {
    warning: isLate ? `${told} Before, they came at least once a week: does the job still run?` : undefined,
    note: told,
  }
}
