import type { AuditEvent, Provenance } from '../records/audit-event.ts'
import { StorageRefused, type Write } from '../records/unit-of-work.ts'

/**
 * Copies the database to a file, marked as a copy. The copy holds all password hashes: who made it is in the audit of the database,
 * once the copy is complete, and in that of the copy.
 * @throws StorageRefused when the file exists or can't be written
 */
export type BackUp = (file: string, by: Provenance) => Promise<BackedUp>

export interface BackedUp {
  /** Why the database could not note it; undefined when it did. The copy is good either way. */
  readonly unrecorded: string | undefined
  /** Whether the private keys are in it, encrypted. */
  readonly holdsKeys: boolean
}

/**
 * @param openDatabase undefined when the database has tools of its own for this: it is not even connected to
 * @param holdsKeys whether private keys are kept in the database
 */
export const createBackup =
  (
    openDatabase:
      | (() => Promise<{
          readonly backup: ((file: string, event: AuditEvent) => Promise<void>) | undefined
          readonly write: Write
        }>)
      | undefined,
    holdsKeys: boolean,
  ): BackUp =>
  async (file, by) => {
    const { backup, write } = (await openDatabase?.()) ?? {}
    if (backup === undefined || write === undefined)
      throw new StorageRefused('PostgreSQL is backed up with its own tools: pg_dump, or a snapshot of the server.')
    const event: AuditEvent = { type: 'database.backup', outcome: 'success', provenance: by }
    await backup(file, event)
    // Whoever backs up because the disk is full is to have the copy.
    const unrecorded = await write(stores => stores.audit.append(event), 'one statement').then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    return { unrecorded, holdsKeys }
  }
