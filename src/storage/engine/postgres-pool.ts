/** The connections to PostgreSQL. Each one is inspected before anybody gets it: a server that takes no writes is no database of ours. */
import pg from 'pg'
import { changeOf, type ServerIdentity } from '../../records/server-identity.ts'
import { StorageUnavailable } from '../../records/unit-of-work.ts'
import { type DatabaseServer, LONGEST_WAIT_MS } from './database.ts'
import { IDENTITY } from './postgres-identity.ts'

/** What a new connection leads to. */
interface Found {
  /** Whether it is the server itself: a pooler gives each client a number of its own. */
  readonly isDirect: boolean
  readonly inRecovery: boolean
  readonly readOnly: boolean
  /** Asked for only where it is known from before: not every server tells. */
  readonly identity: ServerIdentity | undefined
}

/** @throws StorageUnavailable when nothing can be written there */
export function assertWritable({ inRecovery, readOnly }: Pick<Found, 'inRecovery' | 'readOnly'>): void {
  if (inRecovery) throw new StorageUnavailable("PostgreSQL can't be used: the server is a standby (in recovery).")
  if (readOnly)
    throw new StorageUnavailable(
      "PostgreSQL can't be used: the server takes no writes (default_transaction_read_only).",
    )
}

/** What has another history must not be written to, not even before it is known what happened. */
function assertSame(pinned: ServerIdentity | undefined, { identity }: Found): void {
  const change = pinned && identity && changeOf(pinned, identity)
  if (change) throw new StorageUnavailable(`PostgreSQL can't be used: ${change}`)
}

/** @param max connections at once */
export function openPool(connectionString: string, max = 10) {
  const types = new pg.TypeOverrides()
  // Our integers are milliseconds and counts: far below 2^53.
  types.setTypeParser(pg.types.builtins.INT8, Number)
  let isDirect = false
  let pinned: ServerIdentity | undefined
  let ended: Promise<void> | undefined
  const pool = new pg.Pool({
    connectionString,
    max,
    types,
    connectionTimeoutMillis: LONGEST_WAIT_MS,
    keepAlive: true,
    // A server that hangs does not answer the goodbye either; the process ends all the same.
    allowExitOnIdle: true,
    async onConnect(client) {
      // Of one that is lost while it is used, the query under way hears, or the next one.
      client.on('error', () => {})
      const found = await inspect(client as pg.PoolClient, pinned !== undefined)
      assertWritable(found)
      assertSame(pinned, found)
      isDirect = found.isDirect
    },
  })
  // A connection that is lost while it is idle is replaced at the next use.
  pool.on('error', () => {})
  const close = () => {
    ended ??= pool.end()
    return ended
  }
  const server: DatabaseServer = {
    pin(identity) {
      pinned = identity
    },
    refuse: () => void close(),
  }
  return { pool, keepsSettings: () => isDirect, server, close }
}

/**
 * All that is asked of a new connection, in one round trip. The limit is for works of one statement, which have no transaction to say
 * it in: what is refused here must not be done there later on. Behind a pooler (PgBouncer) the next statement may meet another
 * connection of the server, without what was set; there they have a transaction.
 */
async function inspect(client: pg.PoolClient, asksIdentity: boolean): Promise<Found> {
  const identity = asksIdentity ? `case when pg_is_in_recovery() then null else ${IDENTITY} end` : 'null'
  const both = client.query({
    text: `set lock_timeout = ${LONGEST_WAIT_MS};
      select pg_backend_pid() as pid, pg_is_in_recovery() as "inRecovery",
        current_setting('transaction_read_only')::boolean as "readOnly", ${identity} as identity`,
    query_timeout: LONGEST_WAIT_MS,
  } as pg.QueryConfig)
  // Of two statements in one message the driver answers two results, which its types don't say.
  const [, { rows }] = (await both) as unknown as [
    unknown,
    { readonly rows: [Omit<Found, 'isDirect'> & { pid: number }] },
  ]
  const [{ pid, ...found }] = rows
  return { ...found, isDirect: pid === (client as { readonly processID?: number | null }).processID }
}
