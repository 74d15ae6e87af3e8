/** What a connection to PostgreSQL leads to. */
import type pg from 'pg'
import { changeOf, type ServerIdentity } from '../../../records/server-identity.ts'
import { StorageUnavailable } from '../../../records/unit-of-work.ts'
import { searchPathAdvice, type Who } from './advice.ts'
import { IDENTITY } from './identity.ts'
import type { PostgresLimits } from './limits.ts'

export interface Standing {
  readonly inRecovery: boolean
  readonly readOnly: boolean
}

interface Found {
  /** Whether it is the server itself: a pooler gives each client a number of its own. */
  readonly isDirect: boolean
}

interface Row extends Standing, Found {
  readonly schema: string | null
  readonly identity: ServerIdentity | null
}

/** Columns of a statement that asks whether the server takes writes. */
export const STANDING = `pg_is_in_recovery() as "inRecovery", current_setting('transaction_read_only')::boolean as "readOnly"`

/** @throws StorageUnavailable when nothing can be written there */
export function assertWritable({ inRecovery, readOnly }: Standing): void {
  if (inRecovery)
    throw new StorageUnavailable("PostgreSQL can't be used: the server is a standby (in recovery).", {
      mustBeMended: true,
    })
  if (readOnly)
    throw new StorageUnavailable(
      "PostgreSQL can't be used: the server takes no writes (default_transaction_read_only).",
      { mustBeMended: true },
    )
}

/** What has another history must not be written to, not even before it is known what happened. */
function assertSame(pinned: ServerIdentity | undefined, identity: ServerIdentity | null): void {
  const change = pinned && identity && changeOf(pinned, identity)
  if (change) throw new StorageUnavailable(`PostgreSQL can't be used: ${change}`)
}

interface Inspection {
  readonly who: Who
  readonly limits: PostgresLimits
  /** What it has to lead to. Asked for only where it is known from before: not every server tells. */
  readonly pinned: ServerIdentity | undefined
}

/**
 * All that is asked of a new connection, in one round trip. The limit is for works of one statement, which have no transaction to say
 * it in: what is refused here must not be done there later on. Behind a pooler (PgBouncer) the next statement may meet another
 * connection of the server, and somebody else this one: there nothing is set beyond the statement, and works have a transaction.
 *
 * @throws StorageUnavailable when nobody can work with what it leads to
 */
export async function inspect(client: pg.ClientBase, { who, limits, pinned }: Inspection): Promise<Found> {
  const identity = pinned === undefined ? 'null' : `case when pg_is_in_recovery() then null else ${IDENTITY} end`
  // A pooler has given it a number of its own.
  const { processID } = client as { readonly processID?: number | null }
  const isDirect = `pg_backend_pid() = ${processID ?? 0}`
  const { rows } = await client.query<Row>({
    text: `select ${isDirect} as "isDirect", set_config('lock_timeout', '${limits.sessionLockMs}', not ${isDirect}),
      current_schema() as schema, ${identity} as identity, ${STANDING}`,
    query_timeout: limits.dialMs,
  } as pg.QueryConfig)
  const [{ isDirect: direct, schema, identity: found, ...standing }] = rows as [Row]
  assertWritable(standing)
  assertSame(pinned, found)
  if (schema === null)
    throw new StorageUnavailable(
      `PostgreSQL can't be used: the search_path of the role leads to no schema that it may use. ${searchPathAdvice(who)}`,
    )
  return { isDirect: direct }
}
