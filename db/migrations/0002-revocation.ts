import { type Kysely, sql } from 'kysely'

/** A session that an older program ends is on no status list. */
export const breaking = true

export async function up(db: Kysely<unknown>): Promise<void> {
  const columns = [
    ['address', 'text'],
    ['user_agent', 'text'],
    ['status_list_id', 'text'],
    ['status_index', 'integer'],
    ['status_leave_at_ms', 'bigint'],
    ['status_last_expiry_ms', 'bigint'],
    ['left_list_id', 'text'],
    ['left_index', 'integer'],
    ['left_last_expiry_ms', 'bigint'],
  ] as const
  for (const [name, type] of columns) await db.schema.alterTable('sessions').addColumn(name, type).execute()
  // What has ended is looked for by nobody: it leaves these indices, and a refresh touches neither.
  // The first has both columns: without statistics, SQLite looks for a user's sessions among all of the client otherwise.
  const indices = { user: ['user_id', 'client_id'], client: ['client_id'] }
  for (const [name, columns] of Object.entries(indices)) {
    await db.schema.dropIndex(`sessions_by_${name}`).execute()
    await db.schema
      .createIndex(`open_sessions_by_${name}`)
      .on('sessions')
      .columns(columns)
      .where(sql.ref('ended_at_ms'), 'is', null)
      .execute()
  }

  await db.schema
    .createTable('status_lists')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('state', 'text', column => column.notNull())
    .addColumn('next_block', 'integer', column => column.notNull())
    .addColumn('revision', 'bigint', column => column.notNull())
    .addColumn('opened_at_ms', 'bigint', column => column.notNull())
    .addColumn('keep_until_ms', 'bigint', column => column.notNull())
    .execute()
  // However many processes need a list at once: one takes new sessions.
  await db.schema
    .createIndex('one_open_status_list')
    .unique()
    .on('status_lists')
    .column('state')
    .where(sql.ref('state'), '=', sql.lit('open'))
    .execute()

  await db.schema
    .createTable('revocations')
    .addColumn('list_id', 'text', column => column.notNull())
    .addColumn('status_index', 'integer', column => column.notNull())
    .addColumn('until_ms', 'bigint', column => column.notNull())
    .addPrimaryKeyConstraint('revocations_pk', ['list_id', 'status_index'])
    .execute()
  await db.schema.createIndex('revocations_by_until').on('revocations').column('until_ms').execute()
}
