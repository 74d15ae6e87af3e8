/**
 * What the SQLite file says by itself, before any log is applied to it: https://sqlite.org/fileformat.html §1.3. Each commit of ours
 * counts itself there (sqlite-connection.ts), so that a file and a log can be held against each other.
 */
import { openSync, readSync } from 'node:fs'

/** Which state of a database a page 1 belongs to. */
export interface WriteNumber {
  /** Random, and of one database (`application_id`); 0 before its first commit that was counted. */
  readonly mark: number
  /** How many commits there were (`user_version`). It begins again after 2^32. */
  readonly count: number
}

export interface Header extends WriteNumber {
  /** False for a copy in rollback mode, as `signet backup` and VACUUM INTO write it: no log can belong to it. */
  readonly usesLog: boolean
}

export const HEADER_BYTES = 100
const WAL_VERSION = 2

/** @param page the beginning of page 1 */
export const writeNumberIn = (page: Buffer): WriteNumber => ({
  mark: page.readInt32BE(68),
  count: page.readInt32BE(60),
})

/** @returns by how many commits `a` is later than `b`; negative when it is earlier */
export const commitsBetween = (b: WriteNumber, a: WriteNumber): number => (a.count - b.count) | 0

/**
 * @returns reads the header as it is now; undefined when the file is empty
 */
export function openHeader(file: string): () => Header | undefined {
  // Never closed: the system would take away the locks that SQLite holds on the file in this process (fcntl(2)).
  const descriptor = openSync(file, 'r')
  const bytes = Buffer.alloc(HEADER_BYTES)
  return () => {
    if (readSync(descriptor, bytes, 0, HEADER_BYTES, 0) < HEADER_BYTES) return undefined
    return { ...writeNumberIn(bytes), usesLog: bytes[18] === WAL_VERSION && bytes[19] === WAL_VERSION }
  }
}
