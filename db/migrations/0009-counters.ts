import { type Kysely, PostgresAdapter, sql } from 'kysely'

/** What `signet migrate` tells the operator. */
export const description = 'Failed sign-ins are counted.'

export const breaking = false

/** On SQLite they are counted in a file of their own. */
export async function up(db: Kysely<unknown>): Promise<void> {
  if (!(db.getExecutor().adapter instanceof PostgresAdapter)) return
  await db.schema
    .createTable('attempt_counters')
    // A crash may forget them, and a flood of guesses must not become one of the log and of its replicas.
    .modifyFront(sql`unlogged`)
    // Ordered by bytes, so that what begins alike lies together.
    .addColumn('key', sql`text collate "C"`, column => column.primaryKey())
    .addColumn('points', 'integer', column => column.notNull())
    // As the library that counts names it: when the window ends, in ms.
    .addColumn('expire', 'bigint')
    .execute()
  await db.schema.createIndex('attempt_counters_by_expire').on('attempt_counters').column('expire').execute()
}
