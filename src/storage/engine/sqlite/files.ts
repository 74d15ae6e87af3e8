/**
 * Whether the files that a process has open are those that lie at their paths. A backup tool that deletes `-shm`, a folder that is
 * exchanged, a copy written over the database: SQLite notices nothing of it, and what two processes write goes to different places.
 */
import { type BigIntStats, statSync } from 'node:fs'
import { StorageUnavailable } from '../../../records/unit-of-work.ts'
import { commitsBetween, type Header, type RawFiles, type WriteNumber } from './header.ts'
import { hasOwnLog } from './own-log.ts'

/** Nothing may be written any more, nor the connection closed: that would write what is in memory over what lies there now. */
export class FilesChanged extends StorageUnavailable {
  override readonly name = 'FilesChanged'
}

const endings = ['', '-wal', '-shm'] as const
type Ending = (typeof endings)[number]

export interface Files {
  /** @throws FilesChanged */
  assertInPlace(): void
  areInPlace(): boolean
  /** The same, and that nobody wrote over the database: for once a second. @throws FilesChanged */
  assertUntouched(): void
  /** What was committed last. */
  committed(number: WriteNumber): void
  /** Once the files have changed, the last that this process has seen: by that it stays known what is missing. */
  lastSeen(): WriteNumber | undefined
  /**
   * `sqlite3 .restore` puts a copy back as one of SQLite's own transactions: no file is changed by others then.
   * @param number what the database, with its log, says now
   * @throws FilesChanged when it knows less than this process has seen
   */
  assertNotBehind(number: WriteNumber): void
  /** Whether a copy lies in the place of the database's content, as far as the header tells. */
  isOverwritten(): boolean
  /** Whether there is nothing at a path any more. */
  isMissing(ending: Ending): boolean
  isSame(ending: Ending): boolean
}

/**
 * @param file open in WAL mode, and read from: all three files are there
 */
export function watchFiles(file: string, raw: RawFiles): Files {
  const look = (ending: Ending) => statSync(`${file}${ending}`, { bigint: true, throwIfNoEntry: false })
  const opened = new Map(endings.map(ending => [ending, look(ending)]))
  let logSize = 0n
  let seen: WriteNumber = raw.header() ?? { mark: 0, count: 0 }
  let last: WriteNumber | undefined
  /** What the file said when its log was looked at. */
  let looked: WriteNumber | undefined

  let changed: FilesChanged | undefined
  let isOverwritten = false

  function refuse(what: string): never {
    changed = new FilesChanged(
      `${what} while this process used it. Nothing is written any more. See docs/runbooks/changed-files.md.`,
    )
    throw changed
  }

  function refuseOverwritten(): never {
    isOverwritten = true
    return refuse(`${file} was overwritten`)
  }

  const isOpened = (ending: Ending, { ino, dev }: BigIntStats): boolean =>
    ino === opened.get(ending)?.ino && dev === opened.get(ending)?.dev

  function assertSame(ending: Ending): BigIntStats {
    const now = look(ending)
    if (now === undefined) return refuse(`${file}${ending} was deleted`)
    return isOpened(ending, now) ? now : refuse(`${file}${ending} was replaced`)
  }

  /** Somebody else's checkpoint may cut the log, when all of it is in the file. */
  function assertNotCut(size: bigint): void {
    const wasCut = size < logSize
    logSize = size
    if (wasCut && last !== undefined && commitsBetween(last, raw.header() ?? last) < 0) refuse(`${file}-wal was cut`)
  }

  /** The file goes forward, with each checkpoint. */
  function isOurs(header: Header | undefined): header is Header {
    if (!header?.usesLog) return false
    return seen.mark === 0 || (header.mark === seen.mark && commitsBetween(seen, header) >= 0)
  }

  function assertNotOverwritten(): void {
    const header = raw.header()
    if (isOurs(header)) seen = header
    else refuseOverwritten()
  }

  function assertInPlace(): void {
    // What was done to them is not undone by putting them back: another process may have written meanwhile.
    if (changed !== undefined) throw changed
    assertSame('')
    assertSame('-shm')
    assertNotCut(assertSame('-wal').size)
    assertNotOverwritten()
  }

  return {
    assertInPlace,
    areInPlace() {
      try {
        assertInPlace()
        return true
      } catch {
        return false
      }
    },
    assertUntouched() {
      assertInPlace()
      // All of the log is read for it: while a reader holds up the checkpoint it grows, and the file stays as it is.
      if (looked !== undefined && looked.mark === seen.mark && looked.count === seen.count) return
      if (!hasOwnLog(file, raw, true)) refuseOverwritten()
      looked = seen
    },
    committed(number) {
      last = number
    },
    lastSeen: () => changed && last,
    assertNotBehind(number) {
      if (changed !== undefined) throw changed
      if (last !== undefined && (number.mark !== last.mark || commitsBetween(last, number) < 0))
        refuse(`A copy was put back into ${file}`)
      if (number.mark !== 0) last = number
    },
    isOverwritten: () => isOverwritten || !isOurs(raw.header()),
    isMissing: ending => look(ending) === undefined,
    isSame(ending) {
      const now = look(ending)
      return now !== undefined && isOpened(ending, now)
    },
  }
}
