import { type Kysely, sql } from 'kysely'

/** Before it there was nothing. */
export const breaking = true

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('users')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('username', 'text', column => column.notNull())
    .addColumn('username_key', 'text', column => column.notNull())
    .addColumn('status', 'text', column => column.notNull())
    .addColumn('password_hash', 'text', column => column.notNull())
    .addColumn('password_id', 'text', column => column.notNull())
    .addColumn('created_at_ms', 'bigint', column => column.notNull())
    .execute()
  // A deleted account is kept for the audit, and its name is free again.
  await db.schema
    .createIndex('users_by_key')
    .unique()
    .on('users')
    .column('username_key')
    .where(sql.ref('status'), '<>', sql.lit('deleted'))
    .execute()

  await db.schema
    .createTable('roles')
    .addColumn('name', 'text', column => column.primaryKey())
    .addColumn('permissions', 'text', column => column.notNull())
    .execute()
  await db.schema
    .createTable('user_roles')
    .addColumn('user_id', 'text', column => column.notNull().references('users.id'))
    .addColumn('role_name', 'text', column => column.notNull().references('roles.name').onDelete('cascade'))
    .addPrimaryKeyConstraint('user_roles_pk', ['user_id', 'role_name'])
    .execute()
  await db.schema.createIndex('user_roles_by_role').on('user_roles').column('role_name').execute()

  await db.schema
    .createTable('clients')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('client_id', 'text', column => column.notNull())
    .addColumn('status', 'text', column => column.notNull())
    .addColumn('is_public', 'integer', column => column.notNull())
    .addColumn('grants', 'text', column => column.notNull())
    .addColumn('scope', 'text', column => column.notNull())
    .addColumn('audiences', 'text', column => column.notNull())
    .addColumn('introspect', 'text', column => column.notNull())
    .addColumn('access_token_ttl_seconds', 'integer')
    .addColumn('secrets', 'text', column => column.notNull())
    .addColumn('created_at_ms', 'bigint', column => column.notNull())
    .execute()
  await db.schema
    .createIndex('clients_by_client_id')
    .unique()
    .on('clients')
    .column('client_id')
    .where(sql.ref('status'), '<>', sql.lit('deleted'))
    .execute()
  await db.schema
    .createTable('client_origins')
    .addColumn('origin', 'text', column => column.notNull())
    .addColumn('client_id', 'text', column => column.notNull().references('clients.id'))
    .addPrimaryKeyConstraint('client_origins_pk', ['origin', 'client_id'])
    .execute()
  await db.schema.createIndex('client_origins_by_client').on('client_origins').column('client_id').execute()

  await db.schema
    .createTable('sessions')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('user_id', 'text', column => column.notNull().references('users.id'))
    .addColumn('client_id', 'text', column => column.notNull().references('clients.id'))
    .addColumn('scope', 'text', column => column.notNull())
    .addColumn('audiences', 'text', column => column.notNull())
    .addColumn('auth_time_seconds', 'bigint', column => column.notNull())
    .addColumn('created_at_ms', 'bigint', column => column.notNull())
    .addColumn('expires_at_ms', 'bigint', column => column.notNull())
    .addColumn('absolute_expires_at_ms', 'bigint', column => column.notNull())
    .addColumn('handle_hash', 'text', column => column.unique())
    .addColumn('current_hash', 'text')
    .addColumn('previous_hash', 'text')
    .addColumn('salt', 'text')
    .addColumn('rotated_at_ms', 'bigint')
    .addColumn('ended_at_ms', 'bigint')
    .addColumn('end_reason', 'text')
    .execute()
  await db.schema.createIndex('sessions_by_user').on('sessions').column('user_id').execute()
  await db.schema.createIndex('sessions_by_client').on('sessions').column('client_id').execute()

  await db.schema
    .createTable('signing_keys')
    .addColumn('kid', 'text', column => column.primaryKey())
    .addColumn('state', 'text', column => column.notNull())
    .addColumn('public_jwk', 'text', column => column.notNull())
    .addColumn('created_at_ms', 'bigint', column => column.notNull())
    .addColumn('activates_at_ms', 'bigint', column => column.notNull())
    .execute()
  // However many processes start or rotate at once: one key signs, one stands by.
  for (const state of ['active', 'pending']) {
    await db.schema
      .createIndex(`one_${state}_signing_key`)
      .unique()
      .on('signing_keys')
      .column('state')
      .where(sql.ref('state'), '=', sql.lit(state))
      .execute()
  }

  await db.schema
    .createTable('audit_events')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('type', 'text', column => column.notNull())
    .addColumn('occurred_at_ms', 'bigint', column => column.notNull())
    .addColumn('outcome', 'text', column => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('actor', 'text', column => column.notNull())
    .addColumn('user_id', 'text')
    .addColumn('client_id', 'text')
    .addColumn('session_id', 'text')
    .addColumn('target', 'text')
    .addColumn('address', 'text')
    .addColumn('user_agent', 'text')
    .addColumn('request_id', 'text')
    .execute()
}
