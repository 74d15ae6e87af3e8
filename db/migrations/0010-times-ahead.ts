import type { Kysely } from 'kysely'

/** What `signet migrate` tells the operator. */
export const description = 'signing keys that were made while the clock was ahead are known as such.'

export const breaking = false

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('signing_keys').addColumn('seen_ahead_at_ms', 'bigint').execute()
}
