import type { Kysely } from 'kysely'

/** What `signet migrate` tells the operator. */
export const description = 'API keys; client credentials; what is no longer of use is removed 90 days after its end.'

/** An older program goes on with a cascade as if nothing were excepted from it. */
export const breaking = true

export async function up(db: Kysely<unknown>): Promise<void> {
  // What a kind of credential has beside its hash: of an API key its scope and audiences.
  await db.schema.alterTable('credentials').addColumn('data', 'text').execute()
  await db.schema.alterTable('credentials').addColumn('last_used_address', 'text').execute()
  await db.schema.dropIndex('credentials_by_owner').execute()
  await db.schema
    .createIndex('credentials_by_owner')
    .on('credentials')
    .columns(['owner_id', 'kind', 'created_at_ms'])
    .execute()
  for (const column of ['revoked_at_ms', 'expires_at_ms'])
    await db.schema
      .createIndex(`credentials_by_${column}`)
      .on('credentials')
      .columns([column, 'id'])
      .where(column as never, 'is not', null)
      .execute()
  await db.schema
    .createIndex('credentials_by_created_at_ms')
    .on('credentials')
    .columns(['created_at_ms', 'id'])
    .execute()
  await db.schema.alterTable('cascades').addColumn('credential_id', 'text').execute()
  await db.schema.alterTable('cascades').addColumn('except_client_id', 'text').execute()
  await db.schema
    .alterTable('cascades')
    .addColumn('sign_ins_only', 'integer', column => column.notNull().defaultTo(0))
    .execute()
}
