import { StorageRefused } from '../records/unit-of-work.ts'

/** Copies the database to a file, marked as a copy. */
export type BackUp = (file: string) => Promise<void>

/**
 * @param openDatabase undefined when the database has tools of its own for this: it is not even connected to
 * @throws StorageRefused then, and when the file exists or can't be written
 */
export const createBackup =
  (openDatabase: (() => Promise<{ readonly backup: BackUp | undefined }>) | undefined): BackUp =>
  async file => {
    const backUp = (await openDatabase?.())?.backup
    if (backUp === undefined)
      throw new StorageRefused('PostgreSQL is backed up with its own tools: pg_dump, or a snapshot of the server.')
    await backUp(file)
  }
