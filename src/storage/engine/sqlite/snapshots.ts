/** Reads of one moment. They have a connection of their own: what shared it would see nothing newer as long as one lasts. */
import type Sqlite from 'better-sqlite3'
import type { Readers, Snapshot } from '../../../records/unit-of-work.ts'
import { toStorageError } from './connection.ts'

export function createSnapshots(
  connect: () => Sqlite.Database,
  readersOf: (file: Sqlite.Database) => Readers,
): { readonly snapshot: Snapshot; readonly close: () => Promise<void> } {
  let opened: { readonly file: Sqlite.Database; readonly readers: Readers } | undefined
  let last: Promise<unknown> = Promise.resolve()

  function open() {
    const file = connect()
    return { file, readers: readersOf(file) }
  }

  async function readAtOnce<T>(work: (readers: Readers) => Promise<T>): Promise<T> {
    try {
      opened ??= open()
      const { file, readers } = opened
      file.exec('BEGIN')
      try {
        return await work(readers)
      } finally {
        file.exec('ROLLBACK')
      }
    } catch (error) {
      throw toStorageError(error)
    }
  }

  return {
    snapshot(work) {
      const result = last.then(() => readAtOnce(work))
      last = result.catch(() => {})
      return result
    },
    async close() {
      await last
      opened?.file.close()
    },
  }
}
