/**
 * Kysely's way to PostgreSQL: the connections of a pool, with limits that are kept here. A server that hangs, or a network that
 * swallows packets, keeps no limit of its own; and what is asked for at the start of a session, PgBouncer refuses.
 */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type Dialect as KyselyDialect,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely'
import type { PoolClient } from 'pg'
import type { Who } from './postgres-advice.ts'
import { endsConnection, toStorageError } from './postgres-errors.ts'

export interface Limits {
  readonly lockMs: number
  readonly statementMs: number
  /** All statements of a transaction together, with what lies between them. */
  readonly transactionMs: number
}

/** What a pool gives; `who` is for what is said of errors. */
export interface Connections {
  connect(): Promise<PoolClient>
  end(): Promise<void>
  readonly who?: Who
}

/** @param limits asked for each transaction, and for each statement without one, after it has its connection */
export const postgresDialect = (pool: Connections, limits: () => Limits): KyselyDialect => ({
  createAdapter: () => new PostgresAdapter(),
  createDriver: () => postgresDriver(pool, limits),
  createIntrospector: db => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
})

interface Connection extends DatabaseConnection {
  begin(settings: TransactionSettings): Promise<void>
  commit(): Promise<void>
  rollBack(): Promise<void>
  release(): void
}

const postgresDriver = (pool: Connections, limits: () => Limits): Driver => ({
  init: async () => {},
  acquireConnection: async () => connectionOf(await pool.connect(), limits(), pool.who),
  beginTransaction: (connection: Connection, settings) => connection.begin(settings),
  commitTransaction: (connection: Connection) => connection.commit(),
  rollbackTransaction: (connection: Connection) => connection.rollBack(),
  releaseConnection: async (connection: Connection) => connection.release(),
  destroy: () => pool.end(),
})

function connectionOf(
  client: PoolClient,
  { lockMs, statementMs, transactionMs }: Limits,
  who: Who | undefined,
): Connection {
  // What only the server can keep: nobody waits for long for the locks of an instance that stands still.
  const limits = `set local lock_timeout = ${lockMs}; set local idle_in_transaction_session_timeout = ${transactionMs}`
  let isUsable = true
  /** Who goes on with a connection that was ended is told why it was. */
  let end: Error | undefined
  let transactionEndsAt = Number.POSITIVE_INFINITY

  async function query(text: string, values: readonly unknown[] = []) {
    const leftMs = Math.ceil(Math.min(statementMs, transactionEndsAt - performance.now()))
    const config = { text, values: [...values], query_timeout: Math.max(leftMs, 1) }
    try {
      return await client.query(config)
    } catch (error) {
      const told = end ?? toStorageError(error, who)
      if (endsConnection(error)) {
        isUsable = false
        end = told
      }
      throw told
    }
  }

  return {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      const { command, rowCount, rows } = await query(sql, parameters)
      return command === 'SELECT' ? { rows } : { rows, numAffectedRows: BigInt(rowCount ?? 0) }
    },
    // biome-ignore lint/correctness/useYield: nothing here reads in streams
    async *streamQuery() {
      throw new Error('Queries are not streamed.')
    },
    async begin({ isolationLevel, accessMode }) {
      transactionEndsAt = performance.now() + transactionMs
      const level = isolationLevel === undefined ? '' : ` isolation level ${isolationLevel}`
      try {
        await query(`begin${level} ${accessMode ?? ''}; ${limits}`)
      } catch (error) {
        // Perhaps it has begun: nobody else may find themselves in it.
        isUsable = false
        throw error
      }
    },
    async commit() {
      const { command } = await query('commit')
      // So PostgreSQL answers when a statement of the transaction failed, and somebody went on all the same.
      if (command === 'ROLLBACK') throw new Error('The transaction was rolled back, not committed.')
    },
    async rollBack() {
      if (!isUsable) return
      // The error that led here is the one to tell.
      await query('rollback').catch(() => {
        isUsable = false
      })
    },
    /** One that failed is closed, which also ends its transaction: its answers could reach the next who uses it. */
    release: () => client.release(!isUsable),
  }
}
