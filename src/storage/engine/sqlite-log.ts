/** The write-ahead log beside a SQLite file, and how much of it is in the file already: https://sqlite.org/walformat.html. */
import { hash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { HEADER_BYTES, type WriteNumber, writeNumberIn } from './sqlite-header.ts'

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
  readonly pageSize: number
  /** Those that were counted: each has page 1. */
  readonly commits: readonly Commit[]
}

interface Frame {
  readonly frame: number
  readonly page: number
  /** How many pages the database has with the commit that this frame ends; 0 when it ends none. */
  readonly pagesAfter: number
  /** As much of the page as was asked for. */
  readonly content: Buffer
}

function* framesIn(descriptor: number, pageSize: number, salts: Buffer, length: number): Generator<Frame> {
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES + length)
  for (let frame = 1; ; frame += 1) {
    const at = LOG_HEADER_BYTES + (frame - 1) * (FRAME_HEADER_BYTES + pageSize)
    if (readSync(descriptor, bytes, 0, bytes.length, at) < bytes.length) return
    // What is left of the log's last round.
    if (!bytes.subarray(8, 16).equals(salts)) return
    const content = bytes.subarray(FRAME_HEADER_BYTES)
    yield { frame, page: bytes.readUInt32BE(0), pagesAfter: bytes.readUInt32BE(4), content }
  }
}

function readCommits(descriptor: number, pageSize: number, salts: Buffer): Commit[] {
  const commits: Commit[] = []
  for (const { frame, page, content } of framesIn(descriptor, pageSize, salts, HEADER_BYTES)) {
    if (page !== 1) continue
    const number = writeNumberIn(content)
    if (number.mark !== 0) commits.push({ frame, number })
  }
  return commits
}

/** @returns undefined when there is none, or one that SQLite would not apply either */
export function readLog(file: string): Log | undefined {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const header = Buffer.alloc(LOG_HEADER_BYTES)
    if (readSync(descriptor, header, 0, LOG_HEADER_BYTES, 0) < LOG_HEADER_BYTES) return undefined
    if ((header.readUInt32BE(0) & ~1) >>> 0 !== MAGIC) return undefined
    const salts = Buffer.from(header.subarray(16, 24))
    const pageSize = header.readUInt32BE(8)
    return { salts, pageSize, commits: readCommits(descriptor, pageSize, salts) }
  } finally {
    // SQLite holds no lock on the log itself.
    closeSync(descriptor)
  }
}

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

/** The digest of each page as the log leaves it. */
function pagesAfter(file: string, { salts, pageSize }: Log): Map<number, string> {
  const descriptor = openSync(file, 'r')
  try {
    const [pages, uncommitted] = [new Map<number, string>(), new Map<number, string>()]
    for (const { page, pagesAfter, content } of framesIn(descriptor, pageSize, salts, pageSize)) {
      uncommitted.set(page, hash('sha256', content))
      if (pagesAfter === 0) continue
      for (const [each, digest] of uncommitted) pages.set(each, digest)
      uncommitted.clear()
      for (const each of pages.keys()) if (each > pagesAfter) pages.delete(each)
    }
    return pages
  } finally {
    closeSync(descriptor)
  }
}

/** Whether a database has each page as the log leaves it, so that to apply the log changes nothing. */
export function hasAllOf(file: string, log: Log): boolean {
  // Never closed, as in sqlite-header.ts.
  const descriptor = openSync(file, 'r')
  const bytes = Buffer.alloc(log.pageSize)
  for (const [page, digest] of pagesAfter(`${file}-wal`, log)) {
    readSync(descriptor, bytes, 0, bytes.length, (page - 1) * bytes.length)
    if (hash('sha256', bytes) !== digest) return false
  }
  return true
}
