import { type Kysely, sql } from 'kysely'

/** What `signet migrate` tells the operator. */
export const description =
  "private_key_jwt, trusted issuers of workloads' tokens, and what the audit says beside the reason."

/** An older program goes on with a cascade over an issuer as if it were over everything, and seals rows without what is new in them. */
export const breaking = true

const ADMINISTRATOR = 'signet-admin'
const PERMISSION = 'signet:issuers:read'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('trusted_issuers')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('name', 'text', column => column.notNull().unique())
    .addColumn('url', 'text')
    .addColumn('trust_domain', 'text')
    .addColumn('key_source', 'text', column => column.notNull())
    .addColumn('audience', 'text')
    .addColumn('max_lifetime_seconds', 'integer', column => column.notNull())
    .addColumn('is_shared', 'integer', column => column.notNull())
    .addColumn('created_at_ms', 'bigint', column => column.notNull())
    .addColumn('revision', 'integer', column => column.notNull())
    .execute()
  await addTrusts(db)
  await db.schema
    .createTable('used_assertions')
    .addColumn('hash', 'text', column => column.primaryKey())
    .addColumn('until_ms', 'bigint', column => column.notNull())
    .execute()
  await db.schema.createIndex('used_assertions_by_end').on('used_assertions').columns(['until_ms', 'hash']).execute()
  await db.schema
    .createTable('fetched_keys')
    .addColumn('kind', 'text', column => column.notNull())
    .addColumn('uri', 'text', column => column.notNull())
    .addColumn('keys', 'text', column => column.notNull())
    .addColumn('left_out', 'text', column => column.notNull())
    .addColumn('fetched_at_ms', 'bigint')
    .addColumn('failed_at_ms', 'bigint')
    .addColumn('failure', 'text')
    .addPrimaryKeyConstraint('fetched_keys_pk', ['kind', 'uri'])
    .execute()
  await db.schema.alterTable('cascades').addColumn('issuer_id', 'text').execute()
  await db.schema.alterTable('instance').addColumn('accepted_at_ms', 'bigint').execute()
  await db.schema.alterTable('audit_events').addColumn('details', 'text').execute()
  await letAdministratorsRead(db as Kysely<Tables>)
}

/** Of a trust its issuer, and whom a condition on `sub` names. */
async function addTrusts(db: Kysely<unknown>): Promise<void> {
  for (const column of ['issuer_id', 'subject']) {
    await db.schema.alterTable('credentials').addColumn(column, 'text').execute()
    await db.schema
      .createIndex(`credentials_by_${column}`)
      .on('credentials')
      .columns([column, 'id'])
      .where(column as never, 'is not', null)
      .where(sql.ref('revoked_at_ms'), 'is', null)
      .execute()
  }
}

interface Tables {
  roles: { name: string; permissions: string }
}

async function letAdministratorsRead(db: Kysely<Tables>): Promise<void> {
  const query = db.selectFrom('roles').select('permissions').where('name', '=', ADMINISTRATOR)
  const { permissions } = await query.executeTakeFirstOrThrow()
  await db
    .updateTable('roles')
    .set({ permissions: JSON.stringify([...JSON.parse(permissions), PERMISSION]) })
    .where('name', '=', ADMINISTRATOR)
    .execute()
}
