/** What the errors of PostgreSQL and of the way to it mean (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
import pg from 'pg'
import { StorageConflict, StorageUnavailable } from '../../records/unit-of-work.ts'

/**
 * Errors of the moment or of the machine: lost connections (08), serialization failures and deadlocks (40), resources (53), limits that
 * were reached (55P03, 57014, 25P03), shutdown and recovery (57P), the disk (58), a server that became a standby (25006).
 */
const UNAVAILABLE = /^(08|40|53|57P|58|25006|25P03|55P03|57014)/

/** What is told of PostgreSQL's own error, in the log as elsewhere: its detail and its context quote rows and parameters. */
class QueryFailed extends Error {
  override readonly name = 'QueryFailed'
  readonly code: string | undefined
  readonly table: string | undefined
  readonly constraint: string | undefined

  constructor({ message, code, table, constraint }: pg.DatabaseError) {
    super(message)
    this.code = code
    this.table = table
    this.constraint = constraint
  }
}

/** The words of the server, or of what kept them away. A name with several addresses fails at each of them for a reason of its own. */
function wordsOf(error: unknown): string {
  const { code, message, errors } = error as Error & { code?: string; errors?: readonly Error[] }
  const words = errors?.map(each => each.message).join(', ') ?? message
  return code === undefined || words.includes(code) ? words : `${words} (${code})`
}

const unavailable = (error: unknown): StorageUnavailable =>
  new StorageUnavailable(`PostgreSQL can't be used: ${wordsOf(error)}.`, {
    cause: error instanceof pg.DatabaseError ? new QueryFailed(error) : error,
  })

/** Whatever is in the way of a connection, nothing was changed. */
export function unreachable(error: unknown): never {
  throw error instanceof StorageUnavailable ? error : unavailable(error)
}

const UNIQUE_VIOLATION = '23505'
/** To somebody who only wants to open the database, a statement that is refused says the same: it can't be used. */
export function cannotOpen(error: unknown): never {
  throw error instanceof QueryFailed ? unavailable(error) : error
}

/** What failed without an answer of the server, failed on the way there and back. */
export function toStorageError(error: unknown): Error {
  if (!(error instanceof pg.DatabaseError)) return unavailable(error)
  if (error.code === UNIQUE_VIOLATION)
    return new StorageConflict('Another write took it at the same moment.', { cause: new QueryFailed(error) })
  return UNAVAILABLE.test(error.code ?? '') ? unavailable(error) : new QueryFailed(error)
}

/** A standby, which was a primary before; a transaction that failed, and that somebody forgot to end. */
const UNUSABLE = /^(25006|25P02)/

/** Whether nobody may use the connection any more. */
export const endsConnection = (error: unknown): boolean =>
  !(error instanceof pg.DatabaseError) ||
  error.severity === 'FATAL' ||
  error.severity === 'PANIC' ||
  UNUSABLE.test(error.code ?? '')

/** Whether the transaction was undone for another's sake: a deadlock (40P01), or two that can't be put in an order (40001). */
export const isVictim = (error: unknown): boolean =>
  error instanceof StorageUnavailable &&
  error.cause instanceof QueryFailed &&
  (error.cause.code === '40P01' || error.cause.code === '40001')
