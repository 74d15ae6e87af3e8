/** Whether whoever has a SQLite database open shares its log with who opens it now. */
import { existsSync, statSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { StorageRefused } from '../../../records/unit-of-work.ts'
import { isBusy } from './connection.ts'

/** @throws SQLITE_BUSY while another connection has the file open */
function haveAlone(file: string): void {
  const probe = new Sqlite(file, { fileMustExist: true, timeout: 0 })
  try {
    probe.pragma('locking_mode = EXCLUSIVE')
    probe.prepare('select 1 from sqlite_schema').get()
  } finally {
    probe.close()
  }
}

/**
 * To open a database without its log or the log's index makes new ones. Another process that has the old ones, deleted, would write
 * there, and neither would see what the other writes.
 * @param whileBusy tries again for a while: several processes may open it in the same moment
 * @throws StorageRefused
 */
export async function assertShared(file: string, whileBusy: (action: () => void) => Promise<void>): Promise<void> {
  const missing = () => ['-wal', '-shm'].find(ending => !existsSync(`${file}${ending}`))
  try {
    await whileBusy(() => {
      if (statSync(file).size > 0 && missing() !== undefined) haveAlone(file)
    })
  } catch (error) {
    if (!isBusy(error)) throw error
    throw new StorageRefused(
      `Another process uses ${file}, and ${file}${missing() ?? '-shm'} was deleted: what one writes the other would not see. ` +
        'Nothing was done. Stop that process first. See docs/runbooks/changed-files.md.',
      { cause: error },
    )
  }
}
