import { type Kysely, sql } from 'kysely'

/** What `signet migrate` tells the operator. */
export const description =
  'every access token hangs on a row of sessions with a revision; client secrets have a table of their own; ' +
  'large changes record themselves. Nobody is signed out.'

/** Columns that an older program writes are gone. */
export const breaking = true

interface Tables {
  clients: { id: string; secrets: string }
  credentials: {
    id: string
    owner_id: string
    kind: string
    name: string | null
    hash: string
    created_at_ms: number
    expires_at_ms: number | null
  }
}

const kept = [
  'id',
  'client_id',
  'scope',
  'audiences',
  'auth_time_seconds',
  'created_at_ms',
  'expires_at_ms',
  'absolute_expires_at_ms',
  'handle_hash',
  'current_hash',
  'previous_hash',
  'salt',
  'rotated_at_ms',
  'ended_at_ms',
  'end_reason',
  'address',
  'user_agent',
  'status_list_id',
  'status_index',
  'status_leave_at_ms',
  'status_last_expiry_ms',
  'left_list_id',
  'left_index',
  'left_last_expiry_ms',
]

/** What an older program began and did not end: sessions of clients that were disabled or deleted, roles that were deleted. */
async function recordWhatIsLeft(db: Kysely<unknown>): Promise<void> {
  await sql`
    insert into cascades (id, change, client_id, reason, cursor, done, actor)
    select 'cascade_' || id, 'end', id, 'client_' || status, '', 0, 'signet' from clients where status <> 'active'
  `.execute(db)
  await sql`
    insert into cascades (id, change, role_name, reason, cursor, done, actor)
    select 'cascade_' || name, 'take', name, 'role_deleted', '', 0, 'signet' from roles where permissions = '[]'
  `.execute(db)
}

/** Made anew: SQLite can't drop the foreign key of a column, and the subject of a row may be a client. */
async function remakeSessions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sessions_with_revision')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('subject_id', 'text', column => column.notNull())
    .addColumn('client_id', 'text', column => column.notNull().references('clients.id'))
    .addColumn('credential_id', 'text')
    .addColumn('revision', 'integer', column => column.notNull())
    .addColumn('scope', 'text', column => column.notNull())
    .addColumn('audiences', 'text', column => column.notNull())
    .addColumn('auth_time_seconds', 'bigint', column => column.notNull())
    .addColumn('created_at_ms', 'bigint', column => column.notNull())
    .addColumn('expires_at_ms', 'bigint', column => column.notNull())
    .addColumn('absolute_expires_at_ms', 'bigint', column => column.notNull())
    .addColumn('handle_hash', 'text')
    .addColumn('current_hash', 'text')
    .addColumn('previous_hash', 'text')
    .addColumn('salt', 'text')
    .addColumn('rotated_at_ms', 'bigint')
    .addColumn('ended_at_ms', 'bigint')
    .addColumn('end_reason', 'text')
    .addColumn('address', 'text')
    .addColumn('user_agent', 'text')
    .addColumn('status_list_id', 'text')
    .addColumn('status_index', 'integer')
    .addColumn('status_leave_at_ms', 'bigint')
    .addColumn('status_last_expiry_ms', 'bigint')
    .addColumn('left_list_id', 'text')
    .addColumn('left_index', 'integer')
    .addColumn('left_last_expiry_ms', 'bigint')
    .addColumn('taken_at_ms', 'bigint')
    .execute()
  const columns = sql.join(kept.map(name => sql.ref(name)))
  await sql`
    insert into sessions_with_revision (${columns}, subject_id, revision) select ${columns}, user_id, 0 from sessions
  `.execute(db)
  await db.schema.dropTable('sessions').execute()
  await db.schema.alterTable('sessions_with_revision').renameTo('sessions').execute()
}

async function indexSessions(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex('sessions_by_handle').unique().on('sessions').column('handle_hash').execute()
  const open = (name: string) => db.schema.createIndex(name).on('sessions').where(sql.ref('ended_at_ms'), 'is', null)
  await open('open_sessions_by_subject').columns(['subject_id', 'client_id']).execute()
  // In the order in which a cascade goes through them.
  await open('open_sessions_by_client').columns(['client_id', 'id']).execute()
  // However many requests come with a credential at once: one row holds the index of their tokens.
  await open('one_open_session_a_credential')
    .unique()
    .columns(['credential_id', 'client_id'])
    .where(sql.ref('credential_id'), 'is not', null)
    .execute()
}

async function moveSecrets(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('credentials')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('owner_id', 'text', column => column.notNull())
    .addColumn('kind', 'text', column => column.notNull())
    .addColumn('name', 'text')
    .addColumn('hash', 'text', column => column.notNull())
    .addColumn('created_at_ms', 'bigint', column => column.notNull())
    .addColumn('expires_at_ms', 'bigint')
    .addColumn('revoked_at_ms', 'bigint')
    .addColumn('last_used_at_ms', 'bigint')
    .execute()
  await db.schema.createIndex('credentials_by_owner').on('credentials').column('owner_id').execute()
  for (const { id, secrets } of await db.selectFrom('clients').select(['id', 'secrets']).execute())
    for (const secret of JSON.parse(secrets))
      await db
        .insertInto('credentials')
        .values({
          id: secret.id,
          owner_id: id,
          kind: 'client_secret',
          name: secret.name,
          hash: secret.hash,
          created_at_ms: secret.createdAtMs,
          expires_at_ms: secret.expiresAtMs,
        })
        .execute()
  await db.schema.alterTable('clients').dropColumn('secrets').execute()
  await db.schema
    .alterTable('clients')
    .addColumn('revision', 'integer', column => column.notNull().defaultTo(0))
    .execute()
}

export async function up(db: Kysely<unknown>): Promise<void> {
  await remakeSessions(db)
  await indexSessions(db)
  await moveSecrets(db as Kysely<Tables>)
  await db.schema
    .createTable('cascades')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('change', 'text', column => column.notNull())
    .addColumn('subject_id', 'text')
    .addColumn('client_id', 'text')
    .addColumn('except_session_id', 'text')
    .addColumn('role_name', 'text')
    .addColumn('reason', 'text', column => column.notNull())
    .addColumn('cursor', 'text', column => column.notNull())
    .addColumn('done', 'integer', column => column.notNull())
    .addColumn('actor', 'text', column => column.notNull())
    .addColumn('address', 'text')
    .addColumn('user_agent', 'text')
    .addColumn('request_id', 'text')
    .execute()
  await recordWhatIsLeft(db)
}
