/** PostgreSQL: each work is a transaction of its own, on a connection of the pool. */
import { type CompiledQuery, Kysely, type Dialect as KyselyDialect, sql } from 'kysely'
import pg from 'pg'
import { type Database, LONGEST_WAIT_MS, type PrepareStores, ping, type Sources } from './database.ts'
import type { Dialect } from './dialect.ts'
import { migrate } from './migrations.ts'
import { postgresDialect } from './postgres-driver.ts'
import type { Executor } from './prepared.ts'
import type { Schema } from './schema.ts'

/** How long PostgreSQL may take for a statement, or wait for the next one of a transaction. */
const LONGEST_STATEMENT_MS = 10_000

export const openPostgres = (url: string, sources: Sources, prepareStores: PrepareStores): Database =>
  postgresDatabase(postgresDialect(openPool(url)), sources, prepareStores)

/** By whatever driver speaks to it. */
export function postgresDatabase(
  kyselyDialect: KyselyDialect,
  { clock, randomness }: Sources,
  prepareStores: PrepareStores,
): Database {
  const dialect: Dialect = {
    clock,
    randomness,
    nowMs: () => sql`(extract(epoch from clock_timestamp()) * 1000)::bigint`,
    locksRows: true,
  }
  const db = new Kysely<Schema>({ dialect: kyselyDialect })
  const stores = prepareStores(db, dialect)
  return {
    read: stores(postgresExecutor(db)),
    write: work => db.transaction().execute(transaction => work(stores(postgresExecutor(transaction)))),
    migrate: () => migrate(db),
    integrityProblem: async () => undefined,
    backup: undefined,
    ping: () => ping(db),
    close: () => db.destroy(),
  }
}

const postgresExecutor = (kysely: Kysely<Schema>): Executor => ({
  locks: kysely.isTransaction,
  kysely,
  async run<R>(query: CompiledQuery<R>, parameters: readonly unknown[]) {
    const { rows, numAffectedRows } = await kysely.executeQuery<R>({ ...query, parameters })
    return { rows, changed: Number(numAffectedRows ?? 0n) }
  },
})

function openPool(connectionString: string): pg.Pool {
  const types = new pg.TypeOverrides()
  // Our integers are milliseconds and counts: far below 2^53.
  types.setTypeParser(pg.types.builtins.INT8, Number)
  const pool = new pg.Pool({
    connectionString,
    types,
    connectionTimeoutMillis: LONGEST_WAIT_MS,
    lock_timeout: LONGEST_WAIT_MS,
    statement_timeout: LONGEST_STATEMENT_MS,
    idle_in_transaction_session_timeout: LONGEST_STATEMENT_MS,
    keepAlive: true,
  })
  // A connection that the server closes while it is idle is replaced at the next use.
  pool.on('error', () => {})
  return pool
}
