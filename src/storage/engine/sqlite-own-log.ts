/**
 * Whether the log beside a SQLite file is its own. SQLite applies whatever log lies there: a copy that was put back beside the log of
 * another time is silently as it was before, or a mixture of both, or damaged (docs/adr/0024-files-under-a-service.md).
 */
import { statSync } from 'node:fs'
import { StorageRefused } from '../../records/unit-of-work.ts'
import { commitsBetween, type Header } from './sqlite-header.ts'
import { framesInFile, type Log, readLog } from './sqlite-log.ts'

/** Changed by whatever touches a file, and nobody can set it back: a copy has the time when it was put there. */
const changedAt = (file: string): bigint => statSync(file, { bigint: true }).ctimeNs

/** The commits of the log that the file may already have; the rest is in the log alone. */
function lastInFile({ commits }: Log, frames: number) {
  return commits.findLast(({ frame }) => frame <= frames)?.number
}

function isOwn(file: string, before: Header, log: Log, now: Header): boolean {
  const [first, last] = [log.commits[0]?.number, log.commits.at(-1)?.number]
  // Others wrote it, or it is older than these numbers.
  if (first === undefined || last === undefined) return true
  if (before.mark === 0) return first.count === 1
  if (before.mark !== first.mark) return false
  // The file has all that was committed before the log began, and nothing that is in neither.
  if (commitsBetween(first, now) < -1 || commitsBetween(before, last) < 0) return false
  if (commitsBetween(first, before) < 0) return true
  // It has a part of what the log has, too: SQLite wrote that, or it is a copy of a moment since the log began.
  const frames = framesInFile(`${file}-shm`, log)
  if (frames === undefined) return true
  const written = lastInFile(log, frames)
  if (written !== undefined && commitsBetween(before, written) >= 0) return true
  // After a power loss the index may be older than the file; then the file was not touched after the log.
  return changedAt(file) <= changedAt(`${file}-wal`)
}

/**
 * Reads, and changes nothing; also beside processes that use the database.
 * @returns true when SQLite may apply the log, or there is none
 */
export function hasOwnLog(file: string, readHeader: () => Header | undefined): boolean {
  // In this order nothing that a checkpoint does meanwhile looks like a copy.
  const before = readHeader()
  const log = readLog(`${file}-wal`)
  if (log === undefined) return true
  const now = readHeader()
  if (before === undefined || now === undefined) return log.commits.length === 0
  return now.usesLog && isOwn(file, before, log, now)
}

export const foreignLog = (file: string): StorageRefused =>
  new StorageRefused(
    `The log ${file}-wal does not belong to ${file}: a copy was put back beside the log of another time. Nothing was changed. ` +
      `Move both away, and put the copy back alone: mkdir aside && mv ${file}* aside && cp COPY ${file}. See docs/runbooks/restore.md.`,
  )
