/** What of PostgreSQL stands between an acknowledged write and its loss. */
import type { ServerFacts } from '../records/pulse.ts'

const UNTOLD =
  'The server does not tell which one it is (pg_control_system, pg_current_wal_lsn): a copy that is put back is not noticed. After you ' +
  'have put one back, run: signet doctor --restored'
const NOT_DURABLE =
  'A commit does not wait for the disk (synchronous_commit or fsync is off): what was acknowledged is lost when the server crashes. ' +
  'Run: ALTER ROLE … SET synchronous_commit = on, or turn fsync on.'
const NOT_SYNCHRONOUS =
  'No commit waits for a standby (synchronous_standby_names is empty): what was acknowledged last is lost with the server, and a ' +
  'standby that is promoted must be accepted like a backup. docs/postgresql.md#failover'

/** @param server undefined when it does not tell */
export function durabilityWarning(server: ServerFacts | undefined): string | undefined {
  if (server === undefined) return UNTOLD
  if (!server.isDurable) return NOT_DURABLE
  return server.isSynchronous ? undefined : NOT_SYNCHRONOUS
}
