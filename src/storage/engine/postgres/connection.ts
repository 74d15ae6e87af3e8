/**
 * A connection of the pool, with limits that are kept here: a server that hangs, or a network that swallows packets, keeps no limit of
 * its own; and what is asked for at the start of a session, PgBouncer refuses. Statements go out without waiting for the answers to
 * those before them (the pool's `pipeline`), and are answered in their order.
 */
import type { TransactionSettings } from 'kysely'
import type { PoolClient, QueryResult } from 'pg'
import { endsConnection, isOutdated } from './errors.ts'
import { forgetNames, nameOf } from './names.ts'

export interface Limits {
  readonly lockMs: number
  readonly statementMs: number
  /** All statements of a transaction together, with what lies between them. */
  readonly transactionMs: number
}

/**
 * Sends one statement, and answers what the server says to it.
 * @param isRepeated whether it comes again and again, so that the server had better keep it
 */
export type Ask = (text: string, values?: readonly unknown[], isRepeated?: boolean) => Promise<QueryResult>

export interface Connection {
  readonly query: Ask
  /** Goes out with the first statement behind it. Whoever waits for an answer is told that it failed. */
  begin(settings?: TransactionSettings): void
  /** Whether the transaction has begun: outside of one, what fails half-way is not undone. */
  hasBegun(): Promise<unknown>
  /** @param sent those of the transaction that nobody has waited for */
  commit(sent?: readonly Promise<unknown>[]): Promise<void>
  rollBack(): Promise<void>
  release(): void
}

/** What a pool gives. */
export interface Connections {
  /** @throws StorageUnavailable */
  connect(): Promise<PoolClient>
  end(): Promise<void>
  /** What an error means that somebody met on a connection. */
  toStorageError(error: unknown, client: PoolClient): Error
  /** Whether a client keeps what it was given before; one of a pooler may meet another connection of the server. */
  keeps?(client: PoolClient): boolean
}

/**
 * @param limits asked for each transaction, and for each statement without one, after it has its connection
 * @throws StorageUnavailable
 */
export const connect = async (pool: Connections, limits: () => Limits): Promise<Connection> =>
  connectionOf(pool, await pool.connect(), limits())

/** Of a transaction in which a statement failed, all behind it do. */
const isBehindAFailure = (error: unknown): boolean => (error as { code?: string }).code === '25P02'

/** PostgreSQL's class of warnings in general; what it only notices has another code. */
const WARNING = '01000'

/**
 * Of a commit that waits for a standby, PostgreSQL says that all is well when somebody cancels it (pg_cancel_backend). Only a warning,
 * in the language of the server, tells that no standby may have it.
 */
const NOT_REPLICATED = 'it stopped waiting for a synchronous standby, which may lack what was written'

function connectionOf(
  { toStorageError, keeps = () => false }: Connections,
  client: PoolClient,
  { lockMs, statementMs, transactionMs }: Limits,
): Connection {
  // What only the server can keep: nobody waits for long for the locks of an instance that stands still, and what was given up here ends
  // there. It says so a little before, and the connection stays good.
  const limits = `set local lock_timeout = ${lockMs}; set local statement_timeout = ${Math.ceil(0.9 * statementMs)}; set local idle_in_transaction_session_timeout = ${transactionMs}`
  let isUsable = true
  /** Why the connection was ended, or the transaction failed: whoever goes on is told that. */
  let end: Error | undefined
  let failure: Error | undefined
  let transactionEndsAt = Number.POSITIVE_INFINITY
  /** Undefined once the server has answered. */
  let begun: Promise<unknown> | undefined

  let wasWarned = false
  const hear = ({ code }: { readonly code?: string | undefined }) => {
    wasWarned ||= code === WARNING
  }
  client.on('notice', hear)

  async function ask(text: string, values: readonly unknown[] = [], isRepeated = false): Promise<QueryResult> {
    const leftMs = Math.ceil(Math.min(statementMs, transactionEndsAt - performance.now()))
    const limit = { query_timeout: Math.max(leftMs, 1) }
    const name = isRepeated && keeps(client) ? nameOf(text) : undefined
    try {
      const result = await client.query({ text, values: [...values], ...limit, ...(name !== undefined && { name }) })
      if (wasWarned) throw new Error(NOT_REPLICATED)
      return result
    } catch (error) {
      if (name !== undefined && isOutdated(error)) {
        forgetNames()
        // A transaction has failed with it, and is run again as a whole.
        if (transactionEndsAt === Number.POSITIVE_INFINITY) return ask(text, values)
      }
      if (failure !== undefined && isBehindAFailure(error)) throw failure
      const told = end ?? toStorageError(error, client)
      failure ??= told
      if (endsConnection(error)) {
        isUsable = false
        end = told
      }
      throw told
    }
  }

  return {
    async query(text, values, isRepeated) {
      const answer = ask(text, values, isRepeated)
      const [result] = await Promise.all([answer, begun])
      return result
    },
    begin({ isolationLevel, accessMode } = {}) {
      failure = undefined
      transactionEndsAt = performance.now() + transactionMs
      const level = isolationLevel === undefined ? '' : ` isolation level ${isolationLevel}`
      begun = ask(`begin${level} ${accessMode ?? ''}; ${limits}`)
      begun.then(
        () => {
          begun = undefined
        },
        () => {
          // Perhaps it has begun: nobody else may find themselves in it.
          isUsable = false
        },
      )
    },
    hasBegun: async () => begun,
    async commit(sent = []) {
      const committed = ask('commit')
      // If one of those before it failed, this is answered behind that, and says less.
      committed.catch(() => {})
      await Promise.all([begun, ...sent])
      // So PostgreSQL answers when a statement of the transaction failed, and somebody went on all the same.
      if ((await committed).command === 'ROLLBACK') throw new Error('The transaction was rolled back, not committed.')
    },
    async rollBack() {
      if (!isUsable) return
      // The error that led here is the one to tell.
      await ask('rollback').catch(() => {
        isUsable = false
      })
    },
    /** One that failed is closed, which also ends its transaction: its answers could reach the next who uses it. */
    release() {
      client.off('notice', hear)
      client.release(!isUsable)
    },
  }
}
