import { type Kysely, sql } from 'kysely'

/** What `signet migrate` tells the operator. */
export const description = 'users of another system can be imported with their password hashes.'

export const breaking = false

export async function up(db: Kysely<unknown>): Promise<void> {
  // What one check of a hash costs that another system wrote; empty when the hash is of ours.
  await db.schema.alterTable('users').addColumn('hash_cost', 'double precision').execute()
  // Of what was read: whoever imports a file again adds nobody twice, whatever became of them since.
  await db.schema.alterTable('users').addColumn('import_digest', 'text').execute()
  await db.schema
    .createIndex('users_by_hash_cost')
    .on('users')
    .column('hash_cost')
    .where(sql.ref('hash_cost'), 'is not', null)
    .where(sql.ref('status'), '<>', sql.lit('deleted'))
    .execute()
  await db.schema
    .createIndex('users_by_import_digest')
    .unique()
    .on('users')
    .column('import_digest')
    .where(sql.ref('import_digest'), 'is not', null)
    .execute()
}
