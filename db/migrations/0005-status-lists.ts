import { type Kysely, sql } from 'kysely'

/** What `signet migrate` tells the operator. */
export const description =
  'status lists have a size, and say when they were revised. Those that exist keep their size, and are kept two hours longer.'

/** An older program removes lists to which tokens still point. */
export const breaking = true

const HOUR_MS = 3_600_000

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('status_lists')
    // What every list had until now.
    .addColumn('size', 'integer', column => column.notNull().defaultTo(2 ** 20))
    .execute()
  await db.schema
    .alterTable('status_lists')
    .addColumn('revised_at_ms', 'bigint', column => column.notNull().defaultTo(0))
    .execute()
  // A token may point to a list for an hour longer from now on, and so may one of the list before it, for which a row waits.
  await sql`update status_lists set revised_at_ms = opened_at_ms, keep_until_ms = keep_until_ms + ${sql.lit(2 * HOUR_MS)}`.execute(
    db,
  )
}
