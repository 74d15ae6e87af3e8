import type { Kysely } from 'kysely'

/** What `signet migrate` tells the operator. */
export const description = 'private keys can be kept in the database, encrypted: SIGNET_KEYS_STORE.'

/** A program of before goes on with the keys in its files. */
export const breaking = false

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('private_keys')
    .addColumn('purpose', 'text', column => column.notNull())
    .addColumn('kid', 'text', column => column.notNull())
    .addColumn('state', 'text', column => column.notNull())
    .addColumn('jwe', 'text', column => column.notNull())
    .addPrimaryKeyConstraint('private_keys_pk', ['purpose', 'kid'])
    .execute()
}
