/** The epoch of a database, in a file beside the keys: the two are of one time while they agree (../maintenance/restore.ts). */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { KeyError } from '../records/signing-key.ts'
import { fileIn, openKeyDirectory, syncDirectory, UNFINISHED } from './key-directory.ts'

export interface EpochFile {
  /** The epoch of this database, as it was written last; undefined when there is none. */
  read(databaseId: string): Promise<string | undefined>
  write(databaseId: string, epoch: string): Promise<void>
}

/** @throws KeyError when the directory is none, or others can write to it */
export async function openEpochFile(directory: string): Promise<EpochFile> {
  await openKeyDirectory(directory)
  const fileOf = (databaseId: string): string => fileIn(directory, databaseId, '.epoch')

  return {
    async read(databaseId) {
      const file = fileOf(databaseId)
      const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw new KeyError(`${file} can't be read (${error.code}).`, { cause: error })
      })
      return text?.trim()
    },

    async write(databaseId, epoch) {
      const file = fileOf(databaseId)
      await writeFile(`${file}${UNFINISHED}`, `${epoch}\n`, { mode: 0o600, flush: true })
      await rename(`${file}${UNFINISHED}`, file)
      await syncDirectory(directory)
    },
  }
}
