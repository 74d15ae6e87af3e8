/** A copy of a SQLite database in use, and whether a database is whole. */
import { existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import Sqlite from 'better-sqlite3'
import { StorageRefused } from '../../../records/unit-of-work.ts'

/** @returns what SQLite complains of first, or undefined */
export function integrityProblem(database: Sqlite.Database): string | undefined {
  const result = String(database.pragma('quick_check(1)', { simple: true }))
  if (result === 'ok') return undefined
  const detail = result.replace('*** in database main ***', '').trim().replace(/\s+/g, ' ')
  return `The database is damaged: ${detail}. Restore a backup.`
}

/** Writes into the copy who made it. */
type Record = (copy: Sqlite.Database) => Promise<void>

/** Marks the copy, so that it serves nothing when it is put back before an operator has accepted that. */
async function mark(file: string, nowMs: number, record: Record): Promise<void> {
  const copy = new Sqlite(file)
  try {
    // One file, without a log beside it that would have to be copied with it.
    copy.pragma('journal_mode = DELETE')
    const { changes } = copy.prepare('update instance set backed_up_at_ms = ?').run(nowMs)
    // What has not served since it was made, or since an older version, has no epoch yet.
    if (changes === 0)
      copy
        .prepare(
          "insert into instance (id, epoch, backed_up_at_ms) values ('database_' || lower(hex(randomblob(16))), 'none', ?)",
        )
        .run(nowMs)
    await record(copy)
  } finally {
    copy.close()
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  await handle.sync().finally(() => handle.close())
}

/** As many pages as there are: between two steps another process may write, and SQLite would begin again, for ever under load. */
const ALL_PAGES = 2 ** 31 - 1

/**
 * SQLite's online backup; the file has its name when all of it is on the disk.
 * @param finish does what is left to do with the copy
 * @throws StorageRefused
 */
export async function copyTo(
  database: Sqlite.Database,
  target: string,
  finish: (copy: string) => Promise<void> | void = () => {},
): Promise<void> {
  const file = resolve(target)
  const refuse = (error: NodeJS.ErrnoException): never => {
    throw new StorageRefused(`${file} can't be written: ${error.message}`, { cause: error })
  }
  if (existsSync(file)) throw new StorageRefused(`${file} exists already: a backup replaces nothing.`)
  const temporary = `${file}.new`
  const handle = await open(temporary, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') return refuse(error)
    throw new StorageRefused(
      `${temporary} exists already: another backup writes it, or one was cut short. In the second case, remove it.`,
    )
  })
  try {
    await handle.close()
    await database.backup(temporary, { progress: () => ALL_PAGES })
    await finish(temporary)
    await sync(temporary)
    await rename(temporary, file)
    await sync(dirname(file))
  } catch (error) {
    for (const ending of ['', '-journal', '-shm', '-wal']) await rm(`${temporary}${ending}`, { force: true })
    refuse(error as Error)
  }
}

/** A marked copy. @throws StorageRefused */
export const backUp = (database: Sqlite.Database, target: string, nowMs: number, record: Record): Promise<void> =>
  copyTo(database, target, copy => mark(copy, nowMs, record))
