import { select } from './sqlite.ts'

/** A row of the table audit_events. */
export interface AuditRow {
  readonly id: string
  readonly type: string
  readonly occurred_at_ms: number
  readonly outcome: string
  readonly reason: string | null
  readonly actor: string
  readonly user_id: string | null
  readonly client_id: string | null
  readonly session_id: string | null
  readonly target: string | null
  readonly address: string | null
  readonly user_agent: string | null
  readonly request_id: string | null
  readonly count: number
  readonly name_hash: string | null
  readonly details: string | null
  readonly seal: number | null
}

/** Every row of a table, in the order in which they were written, read beside the running service. */
export const rowsOf = <Row = AuditRow>(databaseFile: string, table = 'audit_events'): readonly Row[] =>
  select(databaseFile, `select * from ${table} order by rowid`) as Row[]
