/** What was acknowledged and is in files without a name now, which end with this process. */
import { chmodSync, existsSync, statSync, utimesSync } from 'node:fs'
import { dirname } from 'node:path'
import type Sqlite from 'better-sqlite3'
import { copyTo } from './backup.ts'
import type { Files } from './files.ts'
import { commitsBetween } from './header.ts'
import { readLog } from './log.ts'

/** What was saved another time is kept. */
function freeName(wanted: string): string {
  for (let name = wanted, next = 2; ; name = `${wanted}.${next}`, next += 1)
    if (!existsSync(name) && !existsSync(`${name}.new`)) return name
}

/** The next start sees by their times which of the two was changed last (own-log.ts). */
function keepApart(file: string): void {
  chmodSync(file, statSync(file).mode)
}
function keepTogether(file: string): void {
  const now = new Date()
  utimesSync(`${file}-wal`, now, now)
}

/**
 * A copy of the log, to which another process may have written since. It did so by the index that we share: by that our own log is not
 * what it was, and a checkpoint would damage the database.
 */
function logThereHasAll(file: string, files: Files): boolean {
  const [ours, there] = [files.lastSeen(), readLog(`${file}-wal`)?.commits.at(-1)?.number]
  return ours !== undefined && there !== undefined && there.mark === ours.mark && commitsBetween(ours, there) >= 0
}

/**
 * Brings it to where the next start finds it, or the operator.
 * @returns what was done, for the operator; undefined when nothing has to be, or can be
 */
export async function rescue(database: Sqlite.Database, file: string, files: Files): Promise<string | undefined> {
  if (!files.isSame('')) {
    // Where the folder is gone, all was moved away together.
    if (!existsSync(dirname(file))) return undefined
    const copy = freeName(`${file}.saved`)
    await copyTo(database, copy)
    return `All that this process knows of is in ${copy}. If the database is lost, move ${file}* but this copy away, and give it that name.`
  }
  // What was put there stays as it is: our log over it would be a mixture of both.
  if (files.isOverwritten()) {
    keepApart(file)
    return undefined
  }
  if (files.isSame('-wal') || logThereHasAll(file, files)) {
    keepTogether(file)
    return undefined
  }
  database.pragma('wal_checkpoint(FULL)')
  const done = `What was in the log was written to ${file}.`
  return files.isMissing('-wal') ? done : `${done} Move ${file}-wal and ${file}-shm away before the next start.`
}
