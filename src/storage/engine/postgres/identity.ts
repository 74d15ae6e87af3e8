/** What a PostgreSQL server tells any role of itself (PostgreSQL manual, "System Information Functions", "System Administration Functions"). */
import { sql } from 'kysely'

/**
 * The timeline is read from the name of the file that is written now: in the control file it stays the one before until the first
 * checkpoint after a promotion, minutes later.
 */
const TIMELINE = `('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int`
const POSITION = "(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0') / 8192)::bigint"
const OID = '(select oid from pg_database where datname = current_database())'

/** Of a server that is not in recovery, as ServerIdentity has it. */
export const IDENTITY = `(select concat_ws(':', system_identifier, ${TIMELINE}, ${OID}) from pg_control_system())`

/** `local` and `off` wait for no standby. */
const SYNCHRONOUS = `current_setting('synchronous_standby_names') <> '' and current_setting('synchronous_commit') not in ('local', 'off')`
const DURABLE = `current_setting('synchronous_commit') <> 'off' and current_setting('fsync') = 'on'`

export const serverFacts = sql.raw<string | null>(
  `case when pg_is_in_recovery() then null else
    json_build_object('identity', ${IDENTITY}, 'position', ${POSITION}, 'isSynchronous', ${SYNCHRONOUS}, 'isDurable', ${DURABLE})::text end`,
)
