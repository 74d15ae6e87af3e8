import type { Kysely } from 'kysely'

/** What `signet migrate` tells the operator. */
export const description =
  'indices so that changes of roles and clients do not grow with the users and clients there are.'

export const breaking = false

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('user_roles_by_role').execute()
  // In the order in which a cascade goes through them.
  await db.schema.createIndex('user_roles_by_role').on('user_roles').columns(['role_name', 'user_id']).execute()
  // Whoever adds a client asks for those of the same name that were deleted.
  await db.schema.createIndex('clients_with_client_id').on('clients').column('client_id').execute()
}
