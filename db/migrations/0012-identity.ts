import type { Kysely } from 'kysely'

/** What `signet migrate` tells the operator. */
export const description = 'a database on PostgreSQL knows the server that it is on: a copy elsewhere is noticed.'

/** Whether a program that does not know this step must not go on. */
export const breaking = false

export async function up(db: Kysely<unknown>): Promise<void> {
  // Null where the database can't be told from a copy of it by its server.
  await db.schema.alterTable('instance').addColumn('server_identity', 'text').execute()
}
