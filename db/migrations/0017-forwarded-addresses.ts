import type { Kysely } from 'kysely'

/** What `signet migrate` tells the operator. */
export const description = 'a mail or network server can say from where a person signs in through it.'

export const breaking = false

export async function up(db: Kysely<unknown>): Promise<void> {
  // The janitor looks for what is older than it is known. First, since it takes time, and nobody waits for what is written there.
  await db.schema.createIndex('sign_in_networks_by_time').on('sign_in_networks').column('last_at_ms').execute()
  // The header in which a client says it; empty when it does not.
  await db.schema.alterTable('clients').addColumn('forwards_address', 'text').execute()
  // The address of the client that said it; empty when the address is that of the request.
  await db.schema.alterTable('sessions').addColumn('forwarded_by', 'text').execute()
}
