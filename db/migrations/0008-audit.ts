import { type Kysely, sql } from 'kysely'

/** What `signet migrate` tells the operator. */
export const description =
  'Audit events are sealed and counted; networks of sign-ins; clients may have a limit of grants.'

export const breaking = false

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('audit_events')
    // How many events the row stands for.
    .addColumn('count', 'integer', column => column.notNull().defaultTo(1))
    .execute()
  // The keyed hash of a name that no user has: people type passwords there.
  await db.schema.alterTable('audit_events').addColumn('name_hash', 'text').execute()
  // Null until the row is sealed.
  await db.schema.alterTable('audit_events').addColumn('seal', 'bigint').execute()
  await db.schema.createIndex('audit_events_by_seal').on('audit_events').columns(['seal', 'id']).execute()
  await db.schema.createIndex('audit_events_by_time').on('audit_events').columns(['occurred_at_ms', 'id']).execute()
  for (const column of ['user_id', 'client_id', 'name_hash', 'address'])
    await db.schema
      .createIndex(`audit_events_by_${column}`)
      .on('audit_events')
      .columns([column, 'occurred_at_ms', 'id'])
      .where(column as never, 'is not', null)
      .execute()

  // Who had a name before, and the list of them.
  await db.schema
    .createIndex('users_deleted_by_key')
    .on('users')
    .columns(['username_key', 'id'])
    .where(sql.ref('status'), '=', sql.lit('deleted'))
    .execute()

  await db.schema
    .createTable('audit_seals')
    .addColumn('number', 'bigint', column => column.primaryKey())
    // Of the rows: how their columns are hashed.
    .addColumn('encoding', 'integer', column => column.notNull())
    .addColumn('count', 'integer', column => column.notNull())
    .addColumn('digest', 'text', column => column.notNull())
    .addColumn('sealed_at_ms', 'bigint', column => column.notNull())
    .addColumn('kid', 'text', column => column.notNull())
    .addColumn('signature', 'text', column => column.notNull())
    .execute()
  await db.schema
    .createTable('audit_keys')
    // One key at a time: of two that are made at once, the second is refused.
    .addColumn('number', 'bigint', column => column.primaryKey())
    .addColumn('first_seal', 'bigint', column => column.notNull())
    .addColumn('kid', 'text', column => column.notNull().unique())
    .addColumn('public_jwk', 'text', column => column.notNull())
    .addColumn('created_at_ms', 'bigint', column => column.notNull())
    // By the key before; null of the first one, and when the one before was lost.
    .addColumn('signature', 'text')
    .execute()

  await db.schema
    .createTable('sign_in_networks')
    .addColumn('user_id', 'text', column => column.notNull().references('users.id'))
    .addColumn('network', 'text', column => column.notNull())
    .addColumn('last_at_ms', 'bigint', column => column.notNull())
    .addPrimaryKeyConstraint('sign_in_networks_pk', ['user_id', 'network'])
    .execute()

  await db.schema.alterTable('clients').addColumn('grants_per_minute', 'integer').execute()
  await db.schema.alterTable('clients').addColumn('grants_per_minute_subject', 'integer').execute()
}
