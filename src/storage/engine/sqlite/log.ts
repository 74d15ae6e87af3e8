/** The write-ahead log beside a SQLite file, and how much of it is in the file already: https://sqlite.org/walformat.html. */
import { closeSync, openSync, readSync } from 'node:fs'
import { HEADER_BYTES, type RawFiles, type WriteNumber, writeNumberIn } from './header.ts'

const LOG_HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
/** Its last bit says how the checksums are made. */
const MAGIC = 0x377f0682

interface Commit {
  /** The first is 1. */
  readonly frame: number
  readonly number: WriteNumber
}

export interface Log {
  /** Changes whenever the log begins anew. */
  readonly salts: Buffer
  /** Those that were counted: each has page 1. */
  readonly commits: readonly Commit[]
}

interface Frame {
  /** The first is 1. */
  readonly frame: number
  readonly page: number
  /** Of a transaction. */
  readonly isLast: boolean
  /** The beginning of the page; overwritten by the next frame. */
  readonly bytes: Buffer
}

interface OpenLog {
  readonly salts: Buffer
  readonly pageSize: number
  /** @param size how much of each page is wanted */
  frames(size: number): Iterable<Frame>
}

function openLog(descriptor: number): OpenLog | undefined {
  const header = Buffer.alloc(LOG_HEADER_BYTES)
  if (readSync(descriptor, header, 0, LOG_HEADER_BYTES, 0) < LOG_HEADER_BYTES) return undefined
  if ((header.readUInt32BE(0) & ~1) >>> 0 !== MAGIC) return undefined
  const [pageSize, salts] = [header.readUInt32BE(8), Buffer.from(header.subarray(16, 24))]
  function* frames(size: number) {
    const bytes = Buffer.alloc(FRAME_HEADER_BYTES + size)
    for (let frame = 1; ; frame += 1) {
      const at = LOG_HEADER_BYTES + (frame - 1) * (FRAME_HEADER_BYTES + pageSize)
      if (readSync(descriptor, bytes, 0, bytes.length, at) < bytes.length) return
      // What is left of the log's last round.
      if (!bytes.subarray(8, 16).equals(salts)) return
      const [page, isLast] = [bytes.readUInt32BE(0), bytes.readUInt32BE(4) !== 0]
      yield { frame, page, isLast, bytes: bytes.subarray(FRAME_HEADER_BYTES) }
    }
  }
  return { salts, pageSize, frames }
}

/** @returns undefined when there is no log, or one that SQLite would not apply either */
function withLog<T>(file: string, read: (log: OpenLog) => T): T | undefined {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const log = openLog(descriptor)
    return log && read(log)
  } finally {
    // SQLite holds no lock on the log itself.
    closeSync(descriptor)
  }
}

function commitsIn({ frames }: OpenLog): Commit[] {
  const commits: Commit[] = []
  for (const { frame, page, bytes } of frames(HEADER_BYTES)) {
    const number = page === 1 ? writeNumberIn(bytes) : undefined
    if (number !== undefined && number.mark !== 0) commits.push({ frame, number })
  }
  return commits
}

/** @returns undefined when there is none, or one that SQLite would not apply either */
export const readLog = (file: string): Log | undefined =>
  withLog(file, log => ({ salts: log.salts, commits: commitsIn(log) }))

/** Whether the database would be another one with the log applied: not when all of it was written to the file. */
export const logChanges = (file: string, page: RawFiles['page']): boolean =>
  withLog(file, ({ frames, pageSize }) => {
    const [isAsInFile, ofTransaction] = [new Map<number, boolean>(), new Map<number, boolean>()]
    for (const { page: number, isLast, bytes } of frames(pageSize)) {
      ofTransaction.set(number, page(number, pageSize)?.equals(bytes) === true)
      if (!isLast) continue
      for (const [each, isSame] of ofTransaction) isAsInFile.set(each, isSame)
      ofTransaction.clear()
    }
    return [...isAsInFile.values()].includes(false)
  }) ?? false

/**
 * How many frames of this log were written to the file (done), or were being written as well; undefined when nothing says it.
 * @param index of the log: it outlives a process that was killed, but not a power loss
 */
export function framesInFile(index: Buffer | undefined, { salts }: Log): { done: number; begun: number } | undefined {
  if (!index?.subarray(32, 40).equals(salts)) return undefined
  const nativeNumber = (at: number) => new Uint32Array(new Uint8Array(index.subarray(at, at + 4)).buffer)[0] ?? 0
  const [done, attempted] = [nativeNumber(96), nativeNumber(128)]
  return { done, begun: Math.max(done, attempted) }
}
