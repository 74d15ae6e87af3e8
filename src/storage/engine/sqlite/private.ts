/** The files of a SQLite database before SQLite opens them: made for their owner only, closed to others, and open to be written. */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  type Stats,
  statSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { type FileTrust, remedyFor } from '../../../records/file-trust.ts'
import { StorageRefused } from '../../../records/unit-of-work.ts'

/** SQLite gives -wal and -shm the mode of the file. */
export function createPrivately(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // What is there is not opened: to close it again would take SQLite's locks on it away from this process.
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600))
}

/**
 * For those only who are trusted, also when it came from a backup. Changes the times by which a copy is known (own-log.ts).
 * @throws StorageRefused when it is somebody else's, and open to all
 */
export function makePrivate(file: string, trust: FileTrust): void {
  for (const each of [file, `${file}-wal`, `${file}-shm`]) {
    const found = statSync(each, { throwIfNoEntry: false })
    if (found !== undefined) closeToOthers(each, found, trust)
  }
}

function closeToOthers(file: string, stat: Stats, trust: FileTrust): void {
  const foreign = trust.foreignBits(stat)
  // Only then: when it was touched last says whether it was put there (own-log.ts).
  try {
    if (foreign !== 0 || (stat.mode & 0o600) !== 0o600) chmodSync(file, (stat.mode & 0o660 & ~foreign) | 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
    if (foreign === 0) return
    throw new StorageRefused(
      `${file} belongs to uid ${stat.uid}, and is open to other users. Run: ${remedyFor(file, stat)}`,
    )
  }
}

/**
 * SQLite says of such a file that there was an "I/O error".
 * @throws StorageRefused
 */
export function assertWritable(file: string): void {
  try {
    accessSync(file, constants.R_OK | constants.W_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new StorageRefused(
      `${file} can't be written to (${code}). Run this as the service runs; then mend the owner or the mode of that file, or mount it ` +
        'to be written to.',
    )
  }
}
