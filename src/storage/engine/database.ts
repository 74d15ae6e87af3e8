/** Opens the database. The only file that names a dialect. */
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  type CompiledQuery,
  Kysely,
  type Dialect as KyselyDialect,
  PostgresDialect,
  type SqliteDatabase,
  SqliteDialect,
  sql,
} from 'kysely'
import type { Clock } from '../../clock.ts'
import type { Randomness } from '../../randomness.ts'
import { type Readers, StorageUnavailable, type Write } from '../../records/unit-of-work.ts'
import { prepareStores } from '../stores/stores.ts'
import type { Dialect } from './dialect.ts'
import { createGroupCommit } from './group-commit.ts'
import { migrate, SchemaIsNewer } from './migrations.ts'
import type { Executor } from './prepared.ts'
import type { Schema } from './schema.ts'
import { backUp, integrityProblem } from './sqlite-backup.ts'
import {
  forKysely,
  isBusy,
  openForReading,
  openForWriting,
  toStorageError,
  writeConnection,
} from './sqlite-connection.ts'

export interface Database {
  readonly read: Readers
  readonly write: Write
  /** Brings the schema up to date and answers which migrations ran. */
  migrate(): Promise<readonly string[]>
  /** Resolves when the database answers a query. */
  ping(): Promise<void>
  /** Undefined when the database finds nothing wrong with itself. */
  integrityProblem(): Promise<string | undefined>
  /**
   * Writes a marked copy of all that is committed now. Undefined when the database has tools of its own for this.
   * @throws StorageUnavailable when the file exists or can't be written
   */
  readonly backup: ((file: string) => Promise<void>) | undefined
  /** Waits for the works that are under way. */
  close(): Promise<void>
}

export type DatabaseTarget =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string }

interface Sources {
  readonly clock: Clock
  readonly randomness: Randomness
}

/** How long PostgreSQL may take for a statement, or wait for the next one of a transaction. */
const LONGEST_STATEMENT_MS = 10_000

/** How long a write waits for another process's lock before it is refused. */
const LONGEST_WAIT_MS = 2000

export const openDatabase = (target: DatabaseTarget, sources: Sources): Promise<Database> =>
  target.kind === 'sqlite' ? openSqlite(target.path, sources) : openPostgres(target.url, sources)

/**
 * Says which database could not be opened, and why, to the operator who asked for it.
 * @throws StorageUnavailable, or the error itself when it says all there is to say
 */
export const cannotOpen =
  (target: DatabaseTarget) =>
  (error: unknown): never => {
    if (error instanceof SchemaIsNewer || target.kind === 'postgres') throw error
    const { cause, message } = error as Error
    const reason = cause instanceof Error ? cause.message : message
    throw new StorageUnavailable(`The database ${resolve(target.path)} can't be used: ${reason}.`, { cause: error })
  }

/** Another process holds the lock for milliseconds at a time: try again soon, never all at the same moment. */
const whileBusy =
  (randomness: Randomness) =>
  async <T>(action: () => T): Promise<T> => {
    // Each try takes its time, too: what counts is what the caller waits, by a clock that nobody sets.
    const giveUpAt = performance.now() + LONGEST_WAIT_MS
    for (;;) {
      try {
        return action()
      } catch (error) {
        if (!isBusy(error) || performance.now() >= giveUpAt) throw error
        await delay(1 + randomness.bytes(1).readUInt8() / 10)
      }
    }
  }

async function openSqlite(path: string, { clock, randomness }: Sources): Promise<Database> {
  const dialect: Dialect = { clock, randomness, nowMs: ours => sql`${ours}`, locksRows: false }
  const acquire = whileBusy(randomness)
  // When several processes make the database at once, the switch to WAL fails for all but one, whatever the busy timeout.
  const file = await acquire(() => openForWriting(path))
  const readOnlyFile = openForReading(path)
  const writer = sqliteExecutor(forKysely(file))
  const reader = sqliteExecutor(forKysely(readOnlyFile))
  const stores = prepareStores(writer.kysely, dialect)

  const connection = writeConnection(file)
  const { write, idle } = createGroupCommit({ connection, stores: stores(writer), acquire, toError: toStorageError })
  return {
    read: stores(reader),
    write,
    async migrate() {
      await acquire(connection.begin)
      try {
        const ran = await migrate(writer.kysely)
        connection.commit()
        return ran
      } catch (error) {
        throw toStorageError(error)
      } finally {
        if (connection.inTransaction()) connection.rollback()
      }
    },
    integrityProblem: async () => integrityProblem(readOnlyFile),
    backup: target => backUp(file, target, clock.now()),
    ping: () => ping(reader.kysely).catch(error => Promise.reject(toStorageError(error))),
    async close() {
      await idle()
      readOnlyFile.close()
      file.close()
    },
  }
}

/** Kysely's own way to the driver waits for its single connection and costs some 5 µs a query; nobody else waits for this one. */
const sqliteExecutor = (database: SqliteDatabase): Executor => ({
  locks: false,
  kysely: new Kysely<Schema>({ dialect: new SqliteDialect({ database }) }),
  async run<R>(query: CompiledQuery<R>, parameters: readonly unknown[]) {
    const statement = database.prepare(query.sql)
    if (statement.reader) return { rows: statement.all(parameters) as R[], changed: 0 }
    return { rows: [], changed: Number(statement.run(parameters).changes) }
  },
})

async function openPostgres(url: string, sources: Sources): Promise<Database> {
  const { default: pg } = await import('pg')
  const INT8 = 20
  const types = {
    // Our integers are milliseconds and counts: far below 2^53.
    getTypeParser: (oid: number, format?: 'text') => (oid === INT8 ? Number : pg.types.getTypeParser(oid, format)),
  }
  const pool = new pg.Pool({
    connectionString: url,
    types: types as never,
    connectionTimeoutMillis: LONGEST_WAIT_MS,
    lock_timeout: LONGEST_WAIT_MS,
    statement_timeout: LONGEST_STATEMENT_MS,
    idle_in_transaction_session_timeout: LONGEST_STATEMENT_MS,
    keepAlive: true,
  })
  // A connection that the server closes while it is idle is replaced at the next use.
  pool.on('error', () => {})
  return postgresDatabase(new PostgresDialect({ pool }), sources)
}

/** PostgreSQL by whatever driver speaks to it: each work is a transaction of its own. */
export function postgresDatabase(kyselyDialect: KyselyDialect, { clock, randomness }: Sources): Database {
  const dialect: Dialect = {
    clock,
    randomness,
    nowMs: () => sql`(extract(epoch from clock_timestamp()) * 1000)::bigint`,
    locksRows: true,
  }
  const db = new Kysely<Schema>({ dialect: kyselyDialect })
  const stores = prepareStores(db, dialect)
  const executor = (kysely: Kysely<Schema>): Executor => ({
    locks: kysely.isTransaction,
    kysely,
    async run<R>(query: CompiledQuery<R>, parameters: readonly unknown[]) {
      const { rows, numAffectedRows } = await kysely.executeQuery<R>({ ...query, parameters })
      return { rows, changed: Number(numAffectedRows ?? 0n) }
    },
  })
  return {
    read: mapErrors(stores(executor(db))),
    write: work =>
      db
        .transaction()
        .execute(transaction => work(stores(executor(transaction))))
        .catch(toPostgresError),
    migrate: () => migrate(db).catch(toPostgresError),
    integrityProblem: async () => undefined,
    backup: undefined,
    ping: () => ping(db),
    close: () => db.destroy(),
  }
}

/** Reads a row, not a constant: a database whose pages can't be read answers `select 1` all the same. */
async function ping(db: Kysely<Schema>): Promise<void> {
  await db.selectFrom('signing_keys').select('kid').limit(1).execute()
}

/** The same stores, whose failures say whether the database or the query is at fault. */
function mapErrors<S extends Readers>(stores: S): S {
  const guard =
    (method: (...values: unknown[]) => Promise<unknown>) =>
    (...values: unknown[]) =>
      method(...values).catch(toPostgresError)
  const guardAll = (store: object) =>
    Object.fromEntries(Object.entries(store).map(([name, method]) => [name, guard(method)]))
  return Object.fromEntries(Object.entries(stores).map(([name, store]) => [name, guardAll(store)])) as unknown as S
}

function toPostgresError(error: unknown): never {
  if (!isPostgresOutage(error)) throw error
  const { code, message } = error as Error & { code?: string }
  throw new StorageUnavailable(`PostgreSQL can't be used: ${code ?? message}`, { cause: error })
}

/** Lost connections (class 08), resources (53), shutdown (57P), deadlocks and serialization failures (40), and the socket's own errors. */
function isPostgresOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return (
    /^(08|40|53|55P03|57014|57P)|^E[A-Z]{3,}/.test(code) ||
    /connection (terminated|timeout)|timeout exceeded/i.test(error.message)
  )
}
