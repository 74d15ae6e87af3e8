import { type Kysely, sql } from 'kysely'

/** Keys that an older program makes have no time and no cause. */
export const breaking = true

export async function up(db: Kysely<unknown>): Promise<void> {
  const columns = [
    ['since_ms', 'bigint'],
    ['cause', 'text'],
    ['rotation_asked_at_ms', 'bigint'],
    ['retires_at_ms', 'bigint'],
  ] as const
  for (const [name, type] of columns) await db.schema.alterTable('signing_keys').addColumn(name, type).execute()
  await sql`update signing_keys set since_ms = created_at_ms, cause = 'first_key'`.execute(db)

  await db.schema
    .createTable('instance')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('epoch', 'text', column => column.notNull())
    .addColumn('backed_up_at_ms', 'bigint')
    .execute()
  // However many processes start for the first time at once: one of them names the database.
  await db.schema.createIndex('one_instance').unique().on('instance').expression(sql`(1)`).execute()
}
