/** Kysely's way to PostgreSQL: the connections of a pool, and what their failures mean. */
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type Dialect as KyselyDialect,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import type { Pool, PoolClient } from 'pg'
import { StorageUnavailable } from '../../records/unit-of-work.ts'

export const postgresDialect = (pool: Pool): KyselyDialect => ({
  createAdapter: () => new PostgresAdapter(),
  createDriver: () => postgresDriver(pool),
  createIntrospector: db => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
})

interface Connection extends DatabaseConnection {
  /** What fails here leaves a transaction open: the connection is used by nobody any more. */
  rollBack(): Promise<void>
  release(): void
}

function postgresDriver(pool: Pool): Driver {
  return {
    init: async () => {},
    acquireConnection: async () => connectionOf(await pool.connect().catch(fail)),
    async beginTransaction(connection) {
      await connection.executeQuery(CompiledQuery.raw('begin'))
    },
    async commitTransaction(connection) {
      await connection.executeQuery(CompiledQuery.raw('commit'))
    },
    rollbackTransaction: (connection: Connection) => connection.rollBack(),
    releaseConnection: async (connection: Connection) => connection.release(),
    destroy: () => pool.end(),
  }
}

function connectionOf(client: PoolClient): Connection {
  let isUsable = true
  return {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      const { command, rowCount, rows } = await client.query(sql, [...parameters]).catch(fail)
      // PostgreSQL answers so to the COMMIT of a transaction in which a statement failed.
      if (sql === 'commit' && command === 'ROLLBACK') throw new Error('The transaction was rolled back, not committed.')
      return command === 'SELECT' ? { rows } : { rows, numAffectedRows: BigInt(rowCount ?? 0) }
    },
    // biome-ignore lint/correctness/useYield: nothing here reads in streams
    async *streamQuery() {
      throw new Error('Queries are not streamed.')
    },
    async rollBack() {
      await client.query('rollback').catch(() => {
        isUsable = false
      })
    },
    release: () => client.release(!isUsable),
  }
}

function fail(error: unknown): never {
  if (!isOutage(error)) throw error
  const { code, message } = error as Error & { code?: string }
  throw new StorageUnavailable(`PostgreSQL can't be used: ${code ?? message}`, { cause: error })
}

/** Lost connections (class 08), resources (53), shutdown (57P), deadlocks and serialization failures (40), and the socket's own errors. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return (
    /^(08|40|53|55P03|57014|57P)|^E[A-Z]{3,}/.test(code) ||
    /connection (terminated|timeout)|timeout exceeded/i.test(error.message)
  )
}
