/**
 * Whether the log beside a SQLite file is its own. SQLite applies whatever log lies there: a copy that was put back beside the log of
 * another time is silently as it was before, or a mixture of both, or damaged (docs/adr/0024-files-under-a-service.md).
 */
import { statSync } from 'node:fs'
import { StorageRefused } from '../../../records/unit-of-work.ts'
import { commitsBetween, type Header, type RawFiles } from './header.ts'
import { framesInFile, type Log, logChanges, readLog } from './log.ts'

const changedAt = (file: string): bigint => statSync(file, { bigint: true }).ctimeNs

/** The time of a change of status can't be set: a copy has the time when it was put there, whatever the tool. */
const wasPutThereAfterLog = (file: string): boolean => changedAt(file) > changedAt(`${file}-wal`)

/** The commits of the log that the file may already have; the rest is in the log alone. */
function lastInFile({ commits }: Log, frames: number) {
  return commits.findLast(({ frame }) => frame <= frames)?.number
}

interface Look {
  readonly file: string
  readonly raw: RawFiles
  readonly before: Header
  readonly log: Log
  readonly now: Header
  readonly isOpen: boolean
}

/** Where the numbers don't say it. */
function fitsByTime({ file, raw, isOpen }: Look): boolean {
  // After a power loss the index may be older than the file, or missing.
  if (!isOpen && !wasPutThereAfterLog(file)) return true
  // Power was lost after a checkpoint, and nothing was written since; or another process is about to begin the log anew.
  return !logChanges(`${file}-wal`, raw.page)
}

function isOwn(look: Look): boolean {
  const { raw, before, log, now, isOpen } = look
  const [first, last] = [log.commits[0]?.number, log.commits.at(-1)?.number]
  // Other programs wrote it, or it is older than these numbers.
  if (first === undefined || last === undefined) return isOpen || before.mark === 0 || fitsByTime(look)
  if (before.mark === 0) return first.count === 1
  if (before.mark !== first.mark) return false
  // The file has all that was committed before the log began, and nothing that is in neither.
  if (commitsBetween(first, now) < -1 || commitsBetween(before, last) < 0) return false
  // A copy of just the moment when the log began is the file as it was.
  if (commitsBetween(first, before) < 0) return true
  // Other programs don't count what they commit: the log may begin with the count that the file has.
  if (isOpen && first.count === before.count) return true
  // It has a part of it: SQLite wrote that, or it is a copy of a moment since the log began.
  const written = lastInFile(log, framesInFile(raw.index(), log)?.begun ?? 0)
  return (written !== undefined && commitsBetween(before, written) >= 0) || fitsByTime(look)
}

/** Nobody has taken away again what SQLite wrote to it from this log. */
function hasWhatWasWritten(log: Log, raw: RawFiles): boolean {
  const written = lastInFile(log, framesInFile(raw.index(), log)?.done ?? 0)
  const header = raw.header()
  return written === undefined || (header !== undefined && commitsBetween(written, header) >= 0)
}

function looksOwn(file: string, raw: RawFiles, isOpen: boolean): boolean {
  // In this order nothing that a checkpoint does meanwhile looks like a copy.
  const before = raw.header()
  const log = readLog(`${file}-wal`)
  if (log === undefined) return true
  const now = raw.header()
  if (before === undefined || now === undefined) return log.commits.length === 0
  if (!now.usesLog || !isOwn({ file, raw, before, log, now, isOpen })) return false
  return !isOpen || hasWhatWasWritten(log, raw)
}

/** When another process begins the log anew during a look, its parts don't fit together. A copy looks like one each time. */
const MOST_LOOKS = 3

/**
 * Reads, and changes nothing; also beside processes that use the database.
 * @param isOpen this process has it open: no power was lost since
 * @returns true when SQLite may apply the log, or there is none
 */
export function hasOwnLog(file: string, raw: RawFiles, isOpen = false): boolean {
  for (let looks = 1; looks <= MOST_LOOKS; looks += 1) if (looksOwn(file, raw, isOpen)) return true
  return false
}

export const foreignLog = (file: string): StorageRefused =>
  new StorageRefused(
    `The log ${file}-wal does not belong to ${file}: a copy was put back beside the log of another time. Nothing was changed. Move both ` +
      `away, and put the copy back alone: mkdir aside && mv ${file}* aside && cp COPY ${file}. Unless \`signet backup\` made it, run ` +
      'signet doctor --restored then. See docs/runbooks/changed-files.md, also if nothing was put back.',
  )
