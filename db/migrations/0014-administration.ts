import { type Kysely, sql } from 'kysely'

/** What `signet migrate` tells the operator. */
export const description =
  'administration over HTTP: the role signet-admin, password tickets, and what backends may grant. A role that was called signet-admin is signet-admin-before.'

export const breaking = false

const ADMINISTRATOR = 'signet-admin'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('password_tickets')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('user_id', 'text', column => column.notNull().references('users.id'))
    .addColumn('client_id', 'text', column => column.notNull().references('clients.id'))
    .addColumn('hash', 'text', column => column.notNull().unique())
    .addColumn('created_at_ms', 'bigint', column => column.notNull())
    .addColumn('expires_at_ms', 'bigint', column => column.notNull())
    .execute()
  await db.schema.createIndex('password_tickets_user').on('password_tickets').column('user_id').execute()
  await db.schema.createIndex('password_tickets_expiry').on('password_tickets').column('expires_at_ms').execute()
  await db.schema
    .alterTable('clients')
    .addColumn('may_grant', 'text', column => column.notNull().defaultTo('[]'))
    .execute()
  // Few may: whoever deletes a role looks them through.
  await db.schema
    .createIndex('clients_that_grant')
    .on('clients')
    .column('id')
    .where(sql.ref('may_grant'), '<>', sql.lit('[]'))
    .execute()
  // Whoever administers over HTTP, and operators at the command line: few events, and what others cause has no entry in it.
  await ['client', 'user', 'signet']
    .reduce(
      (index, actor) => index.where(sql.ref('actor'), '<>', sql.lit(actor)),
      db.schema.createIndex('audit_events_by_actor').on('audit_events').columns(['actor', 'occurred_at_ms', 'id']),
    )
    .execute()
  await addAdministrator(db as Kysely<Tables>)
}

interface Tables {
  roles: { name: string; permissions: string }
  user_roles: { user_id: string; role_name: string }
}

/** Nobody becomes an administrator because a role of theirs had this name before. */
async function addAdministrator(db: Kysely<Tables>): Promise<void> {
  const before = await db.selectFrom('roles').select('permissions').where('name', '=', ADMINISTRATOR).executeTakeFirst()
  if (before !== undefined) {
    const name = `${ADMINISTRATOR}-before`
    await db.insertInto('roles').values({ name, permissions: before.permissions }).execute()
    await db.updateTable('user_roles').set({ role_name: name }).where('role_name', '=', ADMINISTRATOR).execute()
    await db.deleteFrom('roles').where('name', '=', ADMINISTRATOR).execute()
  }
  const nouns = ['users', 'roles', 'clients', 'api-keys', 'sessions']
  const permissions = [
    ...nouns.flatMap(noun => [`signet:${noun}:read`, `signet:${noun}:write`]),
    ...['signet:keys:read', 'signet:audit:read'],
  ]
  await db
    .insertInto('roles')
    .values({ name: ADMINISTRATOR, permissions: JSON.stringify(permissions) })
    .execute()
}
