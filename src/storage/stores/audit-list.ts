/** Events of the audit as operators look for them. */
import { type Kysely, type SqlBool, sql } from 'kysely'
import type { AuditReader, ListedAuditEvent } from '../../records/audit-event.ts'
import type { AuditEventsTable } from '../engine/audit-schema.ts'
import type { Schema } from '../engine/schema.ts'
import { type Condition, conditionsOf, type Strand, strandsOf } from './audit-conditions.ts'
import { toAuditRow } from './audit-rows.ts'

/** Rows that one statement looks at: a filter that finds few must not keep the database busy with one for long. */
const WINDOW = 20_000

type Position = Pick<AuditEventsTable, 'occurred_at_ms' | 'id'>

/** The time is said once more by itself: PostgreSQL does not guess from a comparison of pairs how few rows lie between two. */
const before =
  ({ occurred_at_ms, id }: Position): Condition =>
  row =>
    row.and([
      row('audit_events.occurred_at_ms', '<=', occurred_at_ms),
      sql<SqlBool>`(audit_events.occurred_at_ms, audit_events.id) < (${occurred_at_ms}, ${id})`,
    ])
const notBefore =
  ({ occurred_at_ms, id }: Position): Condition =>
  row =>
    row.and([
      row('audit_events.occurred_at_ms', '>=', occurred_at_ms),
      sql<SqlBool>`(audit_events.occurred_at_ms, audit_events.id) >= (${occurred_at_ms}, ${id})`,
    ])

const events = (kysely: Kysely<Schema>, conditions: readonly Condition[]) =>
  kysely.selectFrom('audit_events').where(row => row.and(conditions.map(condition => condition(row))))

const told = (kysely: Kysely<Schema>, conditions: readonly Condition[]) =>
  events(kysely, conditions)
    .leftJoin('users', 'users.id', 'audit_events.user_id')
    .leftJoin('clients', 'clients.id', 'audit_events.client_id')
    .selectAll('audit_events')
    .select(['users.username', 'clients.client_id as public_client_id'])

type ToldRow = AuditEventsTable & { readonly username: string | null; readonly public_client_id: string | null }

const toEvent = (row: ToldRow): ListedAuditEvent => ({
  ...toAuditRow(row),
  username: row.username,
  publicClientId: row.public_client_id,
})

const newestFirst = (a: Position, b: Position): number =>
  b.occurred_at_ms - a.occurred_at_ms || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)

/** The last row of the window, the newest of which lie behind `bounds`; undefined when the strand ends within it. */
const endOfWindow = (kysely: Kysely<Schema>, bounds: readonly Condition[]): Promise<Position | undefined> =>
  events(kysely, bounds)
    .select(['audit_events.occurred_at_ms', 'audit_events.id'])
    .orderBy('audit_events.occurred_at_ms', 'desc')
    .orderBy('audit_events.id', 'desc')
    .offset(WINDOW)
    .limit(1)
    .executeTakeFirst()

async function readStrand(kysely: Kysely<Schema>, { begin, rest }: Strand, limit: number): Promise<readonly ToldRow[]> {
  const found: ToldRow[] = []
  for (let bounds = begin; ; ) {
    // Where each row is one that is asked for, the limit is bound enough.
    const end = rest.length === 0 ? undefined : await endOfWindow(kysely, bounds)
    const window = end === undefined ? bounds : [...bounds, notBefore(end)]
    const rows = await told(kysely, [...window, ...rest])
      .orderBy('audit_events.occurred_at_ms', 'desc')
      .orderBy('audit_events.id', 'desc')
      .limit(limit - found.length)
      .execute()
    found.push(...rows)
    if (end === undefined || found.length === limit) return found
    bounds = [...begin, before(end)]
  }
}

export const auditLists = (kysely: Kysely<Schema>): Omit<AuditReader, 'lastEventAtMs'> => ({
  async list(filter, limit) {
    // A rename is on two strands: that of its user, and that of the former name.
    const found = new Map<string, ToldRow>()
    for (const strand of strandsOf(filter))
      for (const row of await readStrand(kysely, strand, limit)) found.set(row.id, row)
    return [...found.values()].sort(newestFirst).slice(0, limit).reverse().map(toEvent)
  },

  async listSealed(filter, { after, to }) {
    const rows = await told(kysely, conditionsOf(filter))
      .where('audit_events.seal', '>', after)
      .where('audit_events.seal', '<=', to)
      .execute()
    return rows.sort(newestFirst).reverse().map(toEvent)
  },

  async listUnsealed(filter, afterId, limit) {
    const rows = await told(kysely, conditionsOf(filter))
      .where('audit_events.seal', 'is', null)
      .where('audit_events.id', '>', afterId)
      .orderBy('audit_events.id')
      .limit(limit)
      .execute()
    return rows.map(toEvent)
  },
})
