/** Looks into the database of a service, a SQLite file or the URL of one on PostgreSQL, and changes it behind the service's back. */
import Sqlite from 'better-sqlite3'
import { look } from './postgres-looking.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests look into rows of every table
export type Row = Record<string, any>

const isPostgres = (database: string): boolean => database.startsWith('postgres:')

/** For `skip`, where a test is about SQLite's own. */
export const notOnPostgres = (because: string): string | false =>
  process.env['SIGNET_TEST_DATABASE'] === 'postgres' && because

export function select(file: string, statement: string, ...values: readonly unknown[]): Row[] {
  if (isPostgres(file)) return look({ url: file, statement, each: [values] })
  const database = new Sqlite(file, { readonly: true, timeout: 5000 })
  try {
    return database.prepare(statement).all(...values) as Row[]
  } finally {
    database.close()
  }
}

export function change(file: string, statement: string, ...values: readonly unknown[]): void {
  changeEach(file, statement, [values])
}

/** The same statement for each row of values, in one transaction. */
export function changeEach(file: string, statement: string, rows: Iterable<readonly unknown[]>): void {
  if (isPostgres(file)) return void look({ url: file, statement, each: [...rows] })
  const database = new Sqlite(file, { timeout: 5000 })
  try {
    const prepared = database.prepare(statement)
    database.transaction(() => {
      for (const values of rows) prepared.run(...values)
    })()
  } finally {
    database.close()
  }
}

/** Several statements, for the price of one. */
export function changeBy(file: string, statements: readonly string[]): void {
  const statement = statements.join(';\n')
  if (isPostgres(file)) return void look({ url: file, statement, each: [[]] })
  const database = new Sqlite(file, { timeout: 5000 })
  try {
    database.exec(`begin; ${statement}; commit`)
  } finally {
    database.close()
  }
}

/** The audit in the order in which it was written: `type outcome reason`. */
export const auditOf = (file: string): string[] =>
  select(file, 'select type, outcome, reason from audit_events order by rowid').map(({ type, outcome, reason }) =>
    [type, outcome, reason].filter(part => part !== null).join(' '),
  )

/** What `act` added to the audit, with what is recorded beside requests. */
export async function auditedBy(
  { databaseFile, writeEvents }: { readonly databaseFile: string; writeEvents(): Promise<void> },
  act: () => Promise<unknown>,
): Promise<string[]> {
  await writeEvents()
  const before = auditOf(databaseFile).length
  await act()
  await writeEvents()
  return auditOf(databaseFile).slice(before)
}

export const sessionsOf = (file: string): Row[] => select(file, 'select * from sessions order by rowid')

const tables = [
  ...['users', 'roles', 'user_roles', 'clients', 'client_origins', 'sessions', 'cascades'],
  ...['status_lists', 'revocations', 'signing_keys', 'private_keys', 'instance'],
]

/** What belongs to an act. The events of what was refused or only repeated are recorded beside the requests, and rows are sealed. */
const auditOfActs =
  'select id, type, occurred_at_ms, reason, actor, user_id, client_id, session_id, target, address, user_agent, request_id ' +
  "from audit_events where outcome = 'success' and type <> 'session.repeat'"

/** But when they were used last, which is written by the way. */
const credentials =
  'select id, owner_id, kind, name, hash, data, created_at_ms, expires_at_ms, revoked_at_ms from credentials'

/** Every row of every table, to see that nothing was done. PostgreSQL moves a row whose last use was written behind the others. */
export const everythingIn = (file: string): Row[][] =>
  [...tables.map(table => `select * from ${table}`), credentials, auditOfActs].map(query =>
    select(file, `${query} order by 1, 2`),
  )

/** Really all of it, to see that something is nowhere. */
export const rowsIn = (file: string): Row[][] =>
  [...tables, 'credentials', 'audit_events'].map(table => select(file, `select * from ${table}`))
