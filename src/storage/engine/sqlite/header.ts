/**
 * What the SQLite file says by itself, before any log is applied to it: https://sqlite.org/fileformat.html §1.3. Each commit of ours
 * counts itself there (connection.ts), so that a file and a log can be held against each other.
 */
import { existsSync, openSync, readSync } from 'node:fs'

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
/** As far as it says what of the log is in the file. */
const INDEX_BYTES = 136

/** @param page the beginning of page 1 */
export const writeNumberIn = (page: Buffer): WriteNumber => ({
  mark: page.readInt32BE(68),
  count: page.readInt32BE(60),
})

/** @returns by how many commits `a` is later than `b`; negative when it is earlier */
export const commitsBetween = (b: WriteNumber, a: WriteNumber): number => (a.count - b.count) | 0

/** What lies on the disk, read past SQLite. */
export interface RawFiles {
  /** As it is now; undefined when the file is empty. */
  header(): Header | undefined
  /** The beginning of the log's index, `-shm`; undefined when there is none. */
  index(): Buffer | undefined
  /** The first is 1. Undefined when the file does not have it. */
  page(number: number, size: number): Buffer | undefined
}

/**
 * Opens both once and closes neither: the system would take away the locks that SQLite holds on them in this process (fcntl(2)), and
 * the next process would believe to be alone with the log.
 */
export function openRaw(file: string): RawFiles {
  const header = openSync(file, 'r')
  let index: number | undefined
  const read = (descriptor: number, size: number, at = 0): Buffer | undefined => {
    const bytes = Buffer.alloc(size)
    return readSync(descriptor, bytes, 0, size, at) < size ? undefined : bytes
  }
  return {
    header() {
      const bytes = read(header, HEADER_BYTES)
      return bytes && { ...writeNumberIn(bytes), usesLog: bytes[18] === WAL_VERSION && bytes[19] === WAL_VERSION }
    },
    index() {
      if (index === undefined && !existsSync(`${file}-shm`)) return undefined
      index ??= openSync(`${file}-shm`, 'r')
      return read(index, INDEX_BYTES)
    },
    page: (number, size) => read(header, size, (number - 1) * size),
  }
}
