/** Kysely's own way to PostgreSQL, for migrations alone: all else goes by executors.ts, which waits less often. */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type Dialect as KyselyDialect,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import { type Ask, type Connection, type Connections, connect, type Limits } from './connection.ts'

export const postgresDialect = (pool: Connections, limits: () => Limits): KyselyDialect =>
  dialectOf(() => postgresDriver(pool, limits))

export const dialectOf = (createDriver: () => Driver): KyselyDialect => ({
  createAdapter: () => new PostgresAdapter(),
  createDriver,
  createIntrospector: db => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
})

/** A connection as Kysely knows it. */
export const asking = (ask: Ask): DatabaseConnection => ({
  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { command, rowCount, rows } = await ask(sql, parameters)
    return command === 'SELECT' ? { rows } : { rows, numAffectedRows: BigInt(rowCount ?? 0) }
  },
  // biome-ignore lint/correctness/useYield: nothing here reads in streams
  async *streamQuery() {
    throw new Error('Queries are not streamed.')
  },
})

type Acquired = DatabaseConnection & Omit<Connection, 'query'>

const postgresDriver = (pool: Connections, limits: () => Limits): Driver => ({
  init: async () => {},
  async acquireConnection(): Promise<Acquired> {
    const connection = await connect(pool, limits)
    return { ...connection, ...asking(connection.query) }
  },
  async beginTransaction(connection: Acquired, settings) {
    connection.begin(settings)
    await connection.hasBegun()
  },
  commitTransaction: (connection: Acquired) => connection.commit(),
  rollbackTransaction: (connection: Acquired) => connection.rollBack(),
  releaseConnection: async (connection: Acquired) => connection.release(),
  destroy: () => pool.end(),
})
