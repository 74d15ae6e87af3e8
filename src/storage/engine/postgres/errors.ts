/** What the errors of PostgreSQL and of the way to it mean (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
import pg from 'pg'
import { StorageConflict, StorageUnavailable } from '../../../records/unit-of-work.ts'
import { adviceOn, type Who } from './advice.ts'

/**
 * Errors of the moment, of the machine, or of what an operator changed under a service: lost connections (08), serialization failures
 * and deadlocks (40), resources (53), limits that were reached (55P03, 57014, 25P03), shutdown and recovery (57P), the disk (58), a
 * server that became a standby (25006); who may not come in (28), a database that is gone (3D000), tables that are gone or elsewhere
 * (3F000, 42P01), rights that are missing (42501).
 */
const UNAVAILABLE = /^(08|28|40|53|57P|58|25006|25P03|3D000|3F000|42501|42P01|55P03|57014)/

/**
 * Those that stay until an operator does something: wrong passwords and names (28, 3D000), rights and schemas (42, 3F), a full or failing
 * disk (53100, 58), a standby (25006), what a pooler refuses (08P01).
 */
const TO_MEND = /^(28|3D000|3F000|42|53100|58|25006|08P01)/

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

function unavailable(error: unknown, who?: Who): StorageUnavailable {
  const { code, message } = error as Error & { readonly code?: string }
  const advice = who && adviceOn(code, message, who)
  return new StorageUnavailable(`PostgreSQL can't be used: ${wordsOf(error)}.${advice ? ` ${advice}` : ''}`, {
    cause: error instanceof pg.DatabaseError ? new QueryFailed(error) : error,
    mustBeMended: TO_MEND.test(code ?? ''),
  })
}

/** Whatever is in the way of a connection, nothing was changed. */
export const unreachable = (error: unknown, who?: Who): StorageUnavailable =>
  error instanceof StorageUnavailable ? error : unavailable(error, who)

/** Of all that is not supported, and not of the moment: only with the routine that tells. */
const OUTDATED = '0A000'
const UNIQUE_VIOLATION = '23505'
/** To somebody who only wants to open the database, a statement that is refused says the same: it can't be used. */
export function cannotOpen(error: unknown): never {
  throw error instanceof QueryFailed ? unavailable(error) : error
}

/** What failed without an answer of the server, failed on the way there and back. */
export function toStorageError(error: unknown, who?: Who): Error {
  if (!(error instanceof pg.DatabaseError)) return unavailable(error)
  if (error.code === UNIQUE_VIOLATION)
    return new StorageConflict('Another write took it at the same moment.', { cause: new QueryFailed(error) })
  return UNAVAILABLE.test(error.code ?? '') || isOutdated(error) ? unavailable(error, who) : new QueryFailed(error)
}

/** Somebody added a column: a statement that the server keeps may not answer it (`cached plan must not change result type`). */
export const isOutdated = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === OUTDATED && error.routine === 'RevalidateCachedQuery'

/** A standby, which was a primary before; a transaction that failed, and that somebody forgot to end. */
const UNUSABLE = /^(25006|25P02)/

/** Whether nobody may use the connection any more. */
export const endsConnection = (error: unknown): boolean =>
  !(error instanceof pg.DatabaseError) ||
  error.severity === 'FATAL' ||
  error.severity === 'PANIC' ||
  UNUSABLE.test(error.code ?? '')

/** Whether the transaction was undone for another's sake: a deadlock (40P01), two that can't be put in an order (40001), a new column (0A000). */
export const isVictim = (error: unknown): boolean =>
  error instanceof StorageUnavailable &&
  error.cause instanceof QueryFailed &&
  ['40P01', '40001', OUTDATED].includes(error.cause.code ?? '')
