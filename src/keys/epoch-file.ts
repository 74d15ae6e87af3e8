/** The epoch of a database and how many writes it has seen, in files beside the keys: whether the two are of one time (../maintenance/restore.ts). */
import { constants } from 'node:fs'
import { open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { type FileTrust, ownFilesOnly } from '../records/file-trust.ts'
import { KeyError } from '../records/signing-key.ts'
import { fileIn, openKeyDirectory, syncDirectory, UNFINISHED } from './key-directory.ts'

export interface EpochFile {
  /** The epoch of this database, as it was written last; undefined when there is none. */
  read(databaseId: string): Promise<string | undefined>
  write(databaseId: string, epoch: string): Promise<void>
  /** How many writes this database had seen when that was noted last; undefined when it never was. */
  readWrites(databaseId: string): Promise<number | undefined>
  beginWrites(databaseId: string, writes: number): Promise<void>
  /** The same for once a second, where there is a file: a crash of the machine may lose it, and an older one serves as well. */
  noteWrites(databaseId: string, writes: number): Promise<void>
  /** Nothing of this database is here any more: what was noted of it would be taken for a later time. */
  forget(databaseId: string): Promise<void>
  /** The databases whose writes were noted here: those that have served. */
  databases(): Promise<readonly string[]>
}

const EPOCH = '.epoch'
const WRITES = '.writes'

/** As long as the longest, so that one replaces the other. */
const paddedNumber = (writes: number): string => String(writes).padStart(11)

/** @throws KeyError when the directory is none, or others can write to it */
export async function openEpochFile(directory: string, trust: FileTrust = ownFilesOnly()): Promise<EpochFile> {
  await openKeyDirectory(directory, trust)

  async function read(databaseId: string, ending: string): Promise<string | undefined> {
    const file = fileIn(directory, databaseId, ending)
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw new KeyError(`${file} can't be read (${error.code}).`, { cause: error })
    })
    return text?.trim()
  }

  async function write(databaseId: string, ending: string, text: string): Promise<void> {
    const file = fileIn(directory, databaseId, ending)
    await writeFile(`${file}${UNFINISHED}`, `${text}\n`, { mode: 0o600, flush: true })
    await rename(`${file}${UNFINISHED}`, file)
    await syncDirectory(directory)
  }

  /** In place: several processes may do it at once. */
  async function overwrite(databaseId: string, writes: number, flags: number): Promise<void> {
    const file = fileIn(directory, databaseId, WRITES)
    const handle = await open(file, constants.O_WRONLY | constants.O_NOFOLLOW | flags, 0o600)
    await handle.write(`${paddedNumber(writes)}\n`, 0).finally(() => handle.close())
  }

  return {
    read: databaseId => read(databaseId, EPOCH),
    write: (databaseId, epoch) => write(databaseId, EPOCH, epoch),
    async readWrites(databaseId) {
      const text = await read(databaseId, WRITES)
      return text === undefined || !/^-?\d+$/.test(text) ? undefined : Number(text)
    },
    beginWrites: (databaseId, writes) => overwrite(databaseId, writes, constants.O_CREAT),
    noteWrites: (databaseId, writes) =>
      overwrite(databaseId, writes, 0).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      }),
    async forget(databaseId) {
      for (const ending of [WRITES, EPOCH]) await rm(fileIn(directory, databaseId, ending), { force: true })
      await syncDirectory(directory)
    },
    async databases() {
      const names = await readdir(directory)
      return names.filter(name => name.endsWith(WRITES)).map(name => name.slice(0, -WRITES.length))
    },
  }
}
