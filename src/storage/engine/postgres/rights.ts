/** What the role must be allowed to: whoever lacks a right is told before anything is served, not at the first request that needs it. */
import { type Kysely, sql } from 'kysely'
import { StorageUnavailable } from '../../../records/unit-of-work.ts'
import { COUNTER_TABLE } from '../counter-table.ts'
import type { Schema } from '../schema.ts'
import { grantOnTables, type Who } from './advice.ts'

/** Every table is here: the type sees to it. */
const tables: Readonly<Record<keyof Schema, true>> = {
  users: true,
  former_names: true,
  roles: true,
  user_roles: true,
  clients: true,
  client_origins: true,
  credentials: true,
  private_keys: true,
  sessions: true,
  cascades: true,
  status_lists: true,
  revocations: true,
  signing_keys: true,
  instance: true,
  audit_events: true,
  audit_seals: true,
  audit_keys: true,
  sign_in_networks: true,
  password_tickets: true,
  trusted_issuers: true,
  used_assertions: true,
  fetched_keys: true,
}

const rights = ['SELECT', 'INSERT', 'UPDATE', 'DELETE']

/** @throws StorageUnavailable that says what to grant */
export async function assertRights(db: Kysely<Schema>, who: Who): Promise<void> {
  const names = sql.join([...Object.keys(tables), COUNTER_TABLE])
  const each = rights.map(right => sql`has_table_privilege(to_regclass(name), ${sql.lit(right)})`)
  const { rows } = await sql<{ name: string }>`
    select name from unnest(array[${names}]::text[]) as name
    where to_regclass(name) is not null and not (${sql.join(each, sql` and `)})`.execute(db)
  if (rows.length === 0) return
  const missing = rows.map(({ name }) => name)
  throw new StorageUnavailable(
    `PostgreSQL can't be used: the role lacks rights on ${missing.join(', ')}. ${grantOnTables(missing, who)}`,
  )
}
