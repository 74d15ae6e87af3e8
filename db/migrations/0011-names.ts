import type { Kysely } from 'kysely'

/** What `signet migrate` tells the operator. */
export const description = 'users can be renamed, and a name that somebody had is not given to anybody else by mistake.'

export const breaking = false

export async function up(db: Kysely<unknown>): Promise<void> {
  // Names that were given up by a rename; what a deleted user was called last stays in the row of the user.
  await db.schema
    .createTable('former_names')
    .addColumn('username_key', 'text', column => column.notNull())
    .addColumn('user_id', 'text', column => column.notNull().references('users.id'))
    .addPrimaryKeyConstraint('former_names_pk', ['username_key', 'user_id'])
    .execute()
}
