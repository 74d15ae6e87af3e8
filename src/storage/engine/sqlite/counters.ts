/**
 * Counters of attempts in a SQLite file of their own beside the database, with a connection of their own: on that of the database a
 * point would be undone with another request's write, and a second connection to the same file would wait for the first, in the
 * process that should let it go. What they hold is worth little: it is not synced, and a file that is damaged is made anew.
 */
import { rmSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { type FileTrust, ownFilesOnly } from '../../../records/file-trust.ts'
import { COUNTER_TABLE, type CounterTable } from '../counter-table.ts'
import { BUSY_TIMEOUT_MS } from './connection.ts'
import { createPrivately, makePrivate } from './private.ts'

interface Opened {
  readonly database: Sqlite.Database
  readonly statements: Map<string, Sqlite.Statement>
}

const isDamaged = (error: unknown): boolean =>
  error instanceof Sqlite.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code)

function open(file: string, trust: FileTrust): Opened {
  createPrivately(file)
  makePrivate(file, trust)
  const database = new Sqlite(file, { timeout: BUSY_TIMEOUT_MS })
  try {
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = OFF')
    database.exec(
      `create table if not exists ${COUNTER_TABLE} (key text primary key, points integer not null, expire integer) without rowid;
       create index if not exists ${COUNTER_TABLE}_by_expire on ${COUNTER_TABLE} (expire)`,
    )
    const found = database.pragma('quick_check(1)', { simple: true })
    if (found !== 'ok') throw new Sqlite.SqliteError(String(found), 'SQLITE_CORRUPT')
    return { database, statements: new Map() }
  } catch (error) {
    database.close()
    throw error
  }
}

/** Opened when it is first asked for, and again after it failed. */
export function sqliteCounters(file: string, trust: FileTrust = ownFilesOnly()): CounterTable {
  let opened: Opened | undefined

  function close(): void {
    opened?.database.close()
    opened = undefined
  }

  function statement(text: string): Sqlite.Statement {
    opened ??= open(file, trust)
    const known = opened.statements.get(text) ?? opened.database.prepare(text)
    opened.statements.set(text, known)
    return known
  }

  function attempt<T>(action: () => T): T {
    try {
      return action()
    } catch (error) {
      if (!isDamaged(error)) throw error
      close()
      for (const ending of ['', '-shm', '-wal']) rmSync(`${file}${ending}`, { force: true })
      return action()
    }
  }

  const prepare = (text: string) => ({
    // Of all rows, though there is one at most: after a statement that is left before its end SQLite makes no checkpoint, and the log grows.
    get: (...parameters: readonly unknown[]) => attempt(() => statement(text).all(...parameters)[0]),
    run: (...parameters: readonly unknown[]) => attempt(() => statement(text).run(...parameters)),
  })

  return {
    // Of the library's transactions, each is a single statement.
    client: { kind: 'sqlite', prepare, transaction: work => work },
    takeInTurn: undefined,
    async remove(from, before) {
      prepare(`delete from ${COUNTER_TABLE} where key >= ? and key < ?`).run(from, before)
    },
    async removeUseless(keys, afterMs) {
      const remove = prepare(`delete from ${COUNTER_TABLE} where key = ? and (points <= 0 or expire > ?)`)
      for (const key of keys) remove.run(key, afterMs)
    },
    async removeOver(beforeMs, limit) {
      const over = `select key from ${COUNTER_TABLE} where expire < ? limit ?`
      return prepare(`delete from ${COUNTER_TABLE} where key in (${over})`).run(beforeMs, limit).changes
    },
    close,
  }
}
