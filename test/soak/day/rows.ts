/** What the tables hold, and what an act has changed in them. */
import Sqlite from 'better-sqlite3'

const AUDIT = 'audit_events'
const BOUNDED = ['sessions', 'revocations', 'status_lists'] as const

export type Counts = Readonly<Record<(typeof BOUNDED)[number], number>>

export interface Rows {
  count(): Counts
  /** Rows of each table that `act` has added, changed or removed. */
  writtenBy(act: () => Promise<unknown>): Promise<Readonly<Record<string, number>>>
  close(): void
}

export function openRows(file: string): Rows {
  const database = new Sqlite(file, { readonly: true, timeout: 5000 })
  const countOf = (table: string) => database.prepare(`select count(*) from ${table}`).pluck().get() as number
  const tables = database
    .prepare<[], string>(`select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'`)
    .pluck()
    .all()

  /** The audit is only appended to, and too long to compare. */
  const everything = () =>
    new Map(
      tables
        .filter(table => table !== AUDIT)
        .map(table => [
          table,
          new Set(
            database
              .prepare(`select * from ${table}`)
              .all()
              .map(row => JSON.stringify(row)),
          ),
        ]),
    )

  return {
    count: () => Object.fromEntries(BOUNDED.map(table => [table, countOf(table)])) as Counts,
    async writtenBy(act) {
      const [before, events] = [everything(), countOf(AUDIT)]
      await act()
      const written = [...everything()].map(([table, now]): [string, number] => {
        const then = before.get(table) ?? new Set()
        return [table, Math.max(now.difference(then).size, then.difference(now).size)]
      })
      const counts = [...written, [AUDIT, countOf(AUDIT) - events] as const]
      return Object.fromEntries(counts.filter(([, count]) => count > 0))
    },
    close: () => database.close(),
  }
}
