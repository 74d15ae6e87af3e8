/** The write-ahead log beside a SQLite file, and how much of it is in the file already: https://sqlite.org/walformat.html. */
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
  /** Those that were counted: each has page 1. */
  readonly commits: readonly Commit[]
}

function readCommits(descriptor: number, pageSize: number, salts: Buffer): Commit[] {
  const commits: Commit[] = []
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES + HEADER_BYTES)
  for (let frame = 1; ; frame += 1) {
    const at = LOG_HEADER_BYTES + (frame - 1) * (FRAME_HEADER_BYTES + pageSize)
    if (readSync(descriptor, bytes, 0, bytes.length, at) < bytes.length) return commits
    // What is left of the log's last round.
    if (!bytes.subarray(8, 16).equals(salts)) return commits
    if (bytes.readUInt32BE(0) !== 1) continue
    const number = writeNumberIn(bytes.subarray(FRAME_HEADER_BYTES))
    if (number.mark !== 0) commits.push({ frame, number })
  }
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
    return { salts, commits: readCommits(descriptor, header.readUInt32BE(8), salts) }
  } finally {
    // SQLite holds no lock on the log itself.
    closeSync(descriptor)
  }
}

/**
 * How many frames of this log were written to the file, or were being written; undefined when nothing says it.
 * @param index of the log: it outlives a process that was killed, but not a power loss
 */
export function framesInFile(index: Buffer | undefined, { salts }: Log): number | undefined {
  if (!index?.subarray(32, 40).equals(salts)) return undefined
  const nativeNumber = (at: number) => new Uint32Array(new Uint8Array(index.subarray(at, at + 4)).buffer)[0] ?? 0
  const [done, attempted] = [nativeNumber(96), nativeNumber(128)]
  return Math.max(done, attempted)
}
