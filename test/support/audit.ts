import Sqlite from 'better-sqlite3'
import type { Test } from 'tap'
import { testClock } from './clock.ts'
import { addAlice, type ServeOptions, serve } from './serve.ts'

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
}

/** Every row of a table, in the order in which they were written, read beside the running service. */
export function rowsOf<Row = AuditRow>(databaseFile: string, table = 'audit_events'): readonly Row[] {
  const database = new Sqlite(databaseFile, { readonly: true })
  try {
    return database.prepare<[], Row>(`select * from ${table} order by rowid`).all()
  } finally {
    database.close()
  }
}

/** A service whose clock stands still, with alice and her clients, and what it appends to the audit from now on. */
export async function auditedService(t: Test, options: ServeOptions = {}) {
  const clock = testClock()
  const service = await serve(t, { clock, ...options })
  const { userId } = await addAlice(service)
  const { id: clientId } = await service.clients.find('web-app')
  let seen = rowsOf(service.databaseFile).length
  const fresh = () => {
    const rows = rowsOf(service.databaseFile).slice(seen)
    seen += rows.length
    return rows
  }
  const nothing = { reason: null, user_id: null, client_id: null, session_id: null, target: null }

  return {
    clock,
    service,
    userId,
    clientId,
    fresh,
    /** As many rows as patterns were appended since the last look, and each has what its pattern says. */
    appendedLike(...patterns: readonly object[]) {
      const rows = fresh()
      t.equal(rows.length, patterns.length, `${patterns.length} events`)
      t.match(rows, patterns)
    },
    /** Exactly these rows were appended since the last look, with nothing in the columns that are not named. */
    appended(title: string, origin: Partial<AuditRow>, ...expected: readonly Partial<AuditRow>[]) {
      const rows = fresh().map(({ id, ...row }) => {
        t.match(id, /^event_[0-9a-f]{32}$/)
        return row
      })
      const usual = { ...nothing, outcome: 'success', occurred_at_ms: clock.now() }
      t.same(
        rows,
        expected.map(row => ({ ...usual, ...origin, ...row })),
        title,
      )
    },
  }
}
