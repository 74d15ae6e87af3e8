/** Migrations on PostgreSQL, beside instances that serve and others that migrate. */
import { setTimeout as delay } from 'node:timers/promises'
import { Kysely, PostgresAdapter, sql } from 'kysely'
import { StorageRefused, StorageUnavailable } from '../../../records/unit-of-work.ts'
import { migrate, type Step, stepsOf } from '../migrations.ts'
import type { Schema } from '../schema.ts'
import type { Limits } from './connection.ts'
import { postgresDialect } from './driver.ts'
import { isVictim } from './errors.ts'
import type { ConnectionPool } from './pool.ts'

/** Ours alone: the ASCII codes of "signet", as a number. */
const LOCK = 0x7369676e6574n
/** A migration may rewrite a table, or wait for the instance that does. */
const LIMITS: Limits = { lockMs: 300_000, statementMs: 600_000, transactionMs: 600_000 }
/**
 * Whoever waits for a table to change it keeps everybody waiting who comes later: a moment, and again after a pause of twice as long.
 * Under load it is mostly a request that has one table and waits for another, which this has: waiting ends nothing, but another moment
 * may have none. So most of the tries are short; a long one now and then is for those who hold a table for longer.
 */
const LOCKS_OF_TABLES_MS = [...Array<number>(8).fill(50), 500]
/** A minute. */
const MOST_TRIES = 22 * LOCKS_OF_TABLES_MS.length

/**
 * Kysely's lock belongs to the session, not to the transaction: it is let go before the commit, behind PgBouncer perhaps never, and it
 * sets a lock_timeout of an hour for all that follows.
 */
class WithoutLock extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}

const TABLES_ARE_HELD =
  'The schema was not changed: for a minute others held its tables, such as a transaction that somebody left open, or pg_dump. ' +
  'pg_stat_activity has them, by xact_start. Nothing was done; try again after them.'

const codeOf = (error: unknown): string | undefined => (error as { readonly code?: string }).code
const isLockTimeout = (error: unknown): boolean =>
  error instanceof StorageUnavailable && codeOf(error.cause ?? {}) === '55P03'

const waitedForAnother = (error: unknown): never => {
  if (!isLockTimeout(error)) throw error
  throw new StorageUnavailable(
    `Another instance has been migrating the database for ${LIMITS.lockMs / 60_000} minutes. Nothing was done here.`,
  )
}

/** @throws StorageRefused of a table that somebody else has made under a name of ours */
const takenByAnother = (error: unknown): never => {
  if (codeOf(error) !== '42P07') throw error
  throw new StorageRefused(
    `The database has a table that is not Signet's, and Signet needs its name: ${(error as Error).message}. Nothing was done. ` +
      'Give Signet a database or a schema of its own: ALTER ROLE the_role SET search_path = signet',
    { cause: error },
  )
}

/** The transaction is undone each time, and the others have a pause. */
async function untilTablesAreFree<T>(run: (lockMs: number) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const lockMs = LOCKS_OF_TABLES_MS[(tries - 1) % LOCKS_OF_TABLES_MS.length] ?? 0
    try {
      return await run(lockMs)
    } catch (error) {
      if (!isLockTimeout(error) && !isVictim(error)) throw error
      if (tries === MOST_TRIES) throw new StorageUnavailable(TABLES_ARE_HELD, { cause: error })
      await delay(2 * lockMs)
    }
  }
}

export async function migratePostgres(pool: ConnectionPool): Promise<readonly Step[]> {
  const dialect = { ...postgresDialect(pool, () => LIMITS), createAdapter: () => new WithoutLock() }
  const db = new Kysely<Schema>({ dialect })
  if ((await stepsOf(db)).due.length === 0) return []
  const run = (lockMs: number) =>
    db.transaction().execute(async transaction => {
      await sql`select pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(transaction).catch(waitedForAnother)
      await sql`set local lock_timeout = ${sql.lit(lockMs)}`.execute(transaction)
      return migrate(transaction)
    })
  return untilTablesAreFree(run).catch(takenByAnother)
}
