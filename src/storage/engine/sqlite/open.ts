/** SQLite: one connection that writes, in groups (group-commit.ts), and one beside it that reads. */
import { setTimeout as delay } from 'node:timers/promises'
import { type CompiledQuery, Kysely, SqliteDialect, sql } from 'kysely'
import type { Randomness } from '../../../randomness.ts'
import { type FileTrust, ownFilesOnly } from '../../../records/file-trust.ts'
import { countersFileOf } from '../../../records/instance.ts'
import type { Database, PrepareStores, Sources } from '../database.ts'
import type { Dialect } from '../dialect.ts'
import { createGroupCommit } from '../group-commit.ts'
import { isNew, migrate, stepsAhead, stepsOf } from '../migrations.ts'
import { oneStatement } from '../one-statement.ts'
import type { Executor } from '../prepared.ts'
import type { Schema } from '../schema.ts'
import { backUp, integrityProblem } from './backup.ts'
import {
  abandon,
  type Connection,
  connectionOf,
  isBusy,
  numberReader,
  openForReading,
  openForWriting,
  toStorageError,
  writeConnection,
} from './connection.ts'
import { sqliteCounters } from './counters.ts'
import { watchFiles } from './files.ts'
import { openRaw } from './header.ts'
import { foreignLog, hasOwnLog } from './own-log.ts'
import { assertWritable, createPrivately, makePrivate } from './private.ts'
import { rescue } from './rescue.ts'
import { assertShared } from './sharing.ts'
import { createSnapshots } from './snapshots.ts'

/**
 * Looks at the files before it changes anything, and opens them for writing and for reading.
 * @throws StorageRefused
 */
async function openFiles(path: string, trust: FileTrust, acquire: WhileBusy) {
  createPrivately(path)
  if (!hasOwnLog(path, openRaw(path))) throw foreignLog(path)
  makePrivate(path, trust)
  assertWritable(path)
  await assertShared(path, acquire)
  // When several processes make the database at once, the switch to WAL fails for all but one, whatever the busy timeout.
  const file = await acquire(() => openForWriting(path))
  const readOnlyFile = openForReading(path)
  readOnlyFile.prepare('select 1 from sqlite_schema').get()
  // Opened again: what was there before may have been removed by a process that closed the database meanwhile.
  return { file, readOnlyFile, files: watchFiles(path, openRaw(path)) }
}

export async function openSqlite(
  path: string,
  { clock, randomness, trust = ownFilesOnly() }: Sources,
  prepareStores: PrepareStores,
): Promise<Database> {
  const dialect: Dialect = {
    clock,
    randomness,
    nowMs: ours => sql`${ours}`,
    locksRows: false,
    jsonRows,
    serverFacts: sql`null`,
    contains,
  }
  const { file, readOnlyFile, files } = await openFiles(path, trust, whileBusy(randomness))
  const acquire = whileBusy(randomness, LONGEST_TURN_MS)
  const writer = sqliteExecutor(connectionOf(file))
  const reader = sqliteExecutor(connectionOf(readOnlyFile))
  const stores = prepareStores(writer.kysely, dialect)

  const connection = writeConnection(file, files, () => randomness.bytes(4).readInt32BE() | 1)
  const single = oneStatement(writer)
  const singleStores = stores(single.executor)
  const { write, idle } = createGroupCommit({
    connection,
    stores: stores(writer),
    singleStores: () => {
      single.begin()
      return singleStores
    },
    acquire,
    toError: toStorageError,
  })
  /** @param work commits */
  async function alone<T>(work: () => Promise<T>): Promise<T> {
    try {
      await acquire(connection.begin)
      return await work()
    } catch (error) {
      throw toStorageError(error)
    } finally {
      if (connection.inTransaction()) connection.rollback()
    }
  }
  const openAnother = () => {
    files.assertInPlace()
    return openForReading(path)
  }
  const counterTable = sqliteCounters(countersFileOf(path), trust)
  const snapshots = createSnapshots(openAnother, file => stores(sqliteExecutor(connectionOf(file))))
  const readNumber = numberReader(readOnlyFile)
  return {
    read: stores(reader),
    snapshot: snapshots.snapshot,
    write,
    counterTable,
    isNew: () => isNew(reader.kysely),
    steps: () => stepsOf(reader.kysely),
    stepsAhead: () => stepsAhead(reader.kysely),
    async migrate() {
      if ((await stepsOf(reader.kysely)).due.length === 0) return []
      return alone(async () => {
        const ran = await migrate(writer.kysely)
        connection.commit()
        return ran
      })
    },
    integrityProblem: async () => integrityProblem(readOnlyFile),
    backup(target, event) {
      const nowMs = clock.now()
      return backUp(file, target, nowMs, copy =>
        stores(sqliteExecutor(connectionOf(copy))).audit.append({ ...event, occurredAtMs: nowMs }),
      )
    },
    async ping() {
      files.assertInPlace()
      // Reads a row, not a constant: a database whose pages can't be read answers `select 1` all the same.
      await reader.kysely.selectFrom('signing_keys').select('kid').limit(1).execute()
    },
    server: undefined,
    files: {
      assertUntouched() {
        files.assertUntouched()
        files.assertNotBehind(readNumber())
      },
      begin: () =>
        alone(async () => {
          connection.commit({ isCounted: true })
          file.pragma('wal_checkpoint(PASSIVE)')
        }),
      rescue: () => rescue(file, path, files),
      writes: () => (files.lastSeen() ?? readNumber()).count,
    },
    async close() {
      await idle()
      counterTable.close()
      if (files.areInPlace()) {
        await snapshots.close()
        readOnlyFile.close()
        file.close()
      } else {
        abandon([file, readOnlyFile, snapshots])
      }
    },
  }
}

const jsonRows: Dialect['jsonRows'] = columns =>
  sql`json_group_array(json_object(${sql.join(columns.flatMap(column => [sql.lit(column), sql.ref(column)]))}))`

const contains: Dialect['contains'] = (text, part) => sql`instr(${text}, ${part}) > 0`

/** How long a write waits for another's lock before it is refused. */
const LONGEST_WAIT_MS = 2000

/** A try and the pause behind it take milliseconds. Of what took longer no more counts: the machine stood still, and the other process, too. */
const LONGEST_TURN_MS = LONGEST_WAIT_MS / 4

type WhileBusy = <T>(action: () => T) => Promise<T>

/**
 * Another process holds the lock for milliseconds at a time: try again soon, never all at the same moment.
 * @param mostOfATurnMs what a try, with the pause behind it, counts at most
 */
const whileBusy =
  (randomness: Randomness, mostOfATurnMs = Number.POSITIVE_INFINITY): WhileBusy =>
  async <T>(action: () => T): Promise<T> => {
    // Each try takes its time, too: what counts is the turn, by a clock that nobody sets.
    let [waitedMs, lastMs] = [0, performance.now()]
    for (;;) {
      try {
        return action()
      } catch (error) {
        const nowMs = performance.now()
        waitedMs += Math.min(nowMs - lastMs, mostOfATurnMs)
        lastMs = nowMs
        if (!isBusy(error) || waitedMs >= LONGEST_WAIT_MS) throw error
        await delay(1 + randomness.bytes(1).readUInt8() / 10)
      }
    }
  }

/** Kysely's own way to the driver waits for its single connection and costs some 5 µs a query; nobody else waits for this one. */
const sqliteExecutor = (database: Connection): Executor => ({
  locks: false,
  kysely: new Kysely<Schema>({ dialect: new SqliteDialect({ database }) }),
  async run<R>(query: CompiledQuery<R>, parameters: readonly unknown[]) {
    const statement = database.prepare(query.sql)
    if (statement.reader) return { rows: statement.all(parameters) as R[], changed: 0 }
    return { rows: [], changed: statement.run(parameters).changes }
  },
  first: async <R>(query: CompiledQuery<R>, parameters: readonly unknown[]) =>
    database.prepare(query.sql).get(parameters) as R | undefined,
  async send(query, parameters) {
    database.prepare(query.sql).run(parameters)
  },
})
