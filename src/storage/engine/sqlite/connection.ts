/** One connection to the SQLite file, as Kysely's driver and the group commit use it. */
import Sqlite from 'better-sqlite3'
import type { SqliteDatabase, SqliteStatement } from 'kysely'
import { StorageUnavailable } from '../../../records/unit-of-work.ts'
import type { WriteConnection } from '../group-commit.ts'
import type { Files } from './files.ts'
import type { WriteNumber } from './header.ts'

/** The busy timeout blocks the event loop, so it stays short; longer waits are the caller's, without blocking. */
export const BUSY_TIMEOUT_MS = 20

/** Errors of the moment or of the machine, not of the statement: nothing was changed, and a retry makes sense. */
const UNAVAILABLE = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|NOMEM|PROTOCOL)/

/** Those that go on until an operator does something, and what. */
const toMend: Readonly<Record<string, string>> = {
  FULL: ' Make room on the disk.',
  IOERR: ' The disk failed, or is full.',
  CANTOPEN: ' Look at its folder: this user must be able to write there.',
  READONLY: ' This user must be able to write to it, and its file system to take writes.',
}

export const isBusy = (error: unknown): boolean =>
  error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY')

export function toStorageError(error: unknown): unknown {
  const [, kind] = (error instanceof Sqlite.SqliteError && UNAVAILABLE.exec(error.code)) || []
  if (!(error instanceof Sqlite.SqliteError) || kind === undefined) return error
  const advice = toMend[kind]
  return new StorageUnavailable(`The database can't be used: ${error.message} (${error.code}).${advice ?? ''}`, {
    cause: error,
    mustBeMended: advice !== undefined,
  })
}

/** Durable: WAL, FULL (a commit is on the disk when it returns), foreign keys. */
export function openForWriting(file: string): Sqlite.Database {
  // Switching to WAL and recovering after a crash need the file for themselves for a moment; nothing else runs yet.
  const database = new Sqlite(file, { timeout: 5000 })
  try {
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.pragma('foreign_keys = ON')
    // Everybody waits for a checkpoint: of 500 pages (2 MB) for 5 to 7 ms, of 4000 for 40, and it costs an update no more.
    database.pragma('wal_autocheckpoint = 500')
    database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

export const openForReading = (file: string): Sqlite.Database =>
  new Sqlite(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS })

const abandoned: (readonly unknown[])[] = []

/**
 * Leaves connections open for ever: whoever closes a database last writes its log over what lies there now. So do the garbage collector,
 * and the driver when Node ends by itself; `process.exit` skips that.
 */
export function abandon(connections: readonly unknown[]): void {
  if (abandoned.length === 0)
    process.once('exit', code => {
      if (abandoned.some(({ length }) => length > 0)) process.exit(code)
    })
  abandoned.push(connections)
}

/** A prepared statement. What the database fails at by itself is thrown as StorageUnavailable. */
export interface Statement extends SqliteStatement {
  get(parameters: readonly unknown[]): unknown
  run(parameters: readonly unknown[]): Sqlite.RunResult
}

/** As Kysely uses it, and the executor. */
export interface Connection extends SqliteDatabase {
  prepare(text: string): Statement
}

/** Prepares each statement once, and turns the database's own failures into StorageUnavailable. */
export function connectionOf(database: Sqlite.Database): Connection {
  const statements = new Map<string, Statement>()
  const attempt = <T>(action: () => T): T => {
    try {
      return action()
    } catch (error) {
      throw toStorageError(error)
    }
  }
  const wrap = (statement: Sqlite.Statement): Statement => ({
    reader: statement.reader,
    all: parameters => attempt(() => statement.all(...parameters)),
    get: parameters => attempt(() => statement.get(...parameters)),
    run: parameters => attempt(() => statement.run(...parameters)),
    iterate: parameters => attempt(() => statement.iterate(...parameters)),
  })
  return {
    prepare(text) {
      let statement = statements.get(text)
      if (statement === undefined) {
        statement = attempt(() => wrap(database.prepare(text)))
        statements.set(text, statement)
      }
      return statement
    },
    close: () => database.close(),
  }
}

/** Reads what the header says with the log applied. */
export function numberReader(database: Sqlite.Database): () => WriteNumber {
  const [readMark, readCount] = ['application_id', 'user_version'].map(name =>
    database.prepare(`PRAGMA ${name}`).pluck(),
  )
  return () => ({ mark: Number(readMark?.get()), count: Number(readCount?.get()) })
}

/** Gives each commit that changes something the next number, in the header of the database (header.ts). */
function numbering(database: Sqlite.Database, newMark: () => number) {
  const read = numberReader(database)
  return {
    read,
    take(): WriteNumber {
      const known = read()
      if (known.mark !== 0) {
        const count = (known.count + 1) | 0
        database.exec(`PRAGMA user_version = ${count}`)
        return { mark: known.mark, count }
      }
      const mark = newMark()
      database.exec(`PRAGMA application_id = ${mark}`)
      database.exec('PRAGMA user_version = 1')
      return { mark, count: 1 }
    },
  }
}

/**
 * @param files asked before each transaction, so that nothing is written to files that nobody finds again, and after it, so that
 *   nothing of that kind is answered
 */
export function writeConnection(
  database: Sqlite.Database,
  files: Pick<Files, 'assertInPlace' | 'assertNotBehind' | 'committed'>,
  newMark: () => number,
): WriteConnection {
  const statement = (text: string) => {
    const prepared = database.prepare(text)
    return () => void prepared.run()
  }
  const totalChanges = database.prepare('select total_changes()').pluck()
  const numbers = numbering(database, newMark)
  const [begin, commit, rollback] = [statement('BEGIN IMMEDIATE'), statement('COMMIT'), statement('ROLLBACK')]
  let changesBefore: unknown
  return {
    begin() {
      files.assertInPlace()
      begin()
      try {
        files.assertNotBehind(numbers.read())
      } catch (error) {
        rollback()
        throw error
      }
      changesBefore = totalChanges.get()
    },
    commit({ isCounted = totalChanges.get() !== changesBefore } = {}) {
      const number = isCounted ? numbers.take() : undefined
      commit()
      files.assertInPlace()
      if (number !== undefined) files.committed(number)
    },
    rollback,
    savepoint: statement('SAVEPOINT work'),
    release: statement('RELEASE work'),
    rollbackToSavepoint: statement('ROLLBACK TO work'),
    inTransaction: () => database.inTransaction,
  }
}
