/** Events of the audit as operators look for them. */
import { type Kysely, type SqlBool, sql } from 'kysely'
import type { AuditReader, ListedAuditEvent } from '../../records/audit-event.ts'
import type { Position } from '../../records/position.ts'
import type { AuditEventsTable } from '../engine/audit-schema.ts'
import type { Schema } from '../engine/schema.ts'
import { type Condition, conditionsOf, type Strand, strandsOf } from './audit-conditions.ts'
import { toAuditRow } from './audit-rows.ts'

/** Rows that one statement looks at: a filter that finds few must not keep the database busy with one for long. */
const WINDOW = 20_000

type Place = Pick<AuditEventsTable, 'occurred_at_ms' | 'id'>

const placeOf = ({ atMs, id }: Position): Place => ({ occurred_at_ms: atMs, id })
const positionOf = ({ occurred_at_ms: atMs, id }: Place): Position => ({ atMs, id })

/** The time is said once more by itself: PostgreSQL does not guess from a comparison of pairs how few rows lie between two. */
const before =
  ({ occurred_at_ms, id }: Place): Condition =>
  row =>
    row.and([
      row('audit_events.occurred_at_ms', '<=', occurred_at_ms),
      sql<SqlBool>`(audit_events.occurred_at_ms, audit_events.id) < (${occurred_at_ms}, ${id})`,
    ])
const notBefore =
  ({ occurred_at_ms, id }: Place): Condition =>
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
    .leftJoin('users as acting_users', join => join.on('acting_users.id', '=', actingId('user:')))
    .leftJoin('clients as acting_clients', join => join.on('acting_clients.id', '=', actingId('client:')))
    .selectAll('audit_events')
    .select(['users.username', 'clients.client_id as public_client_id'])
    .select(row => row.fn.coalesce('acting_users.username', 'acting_clients.client_id').as('actor_name'))

/** The id of an actor of this kind; null of any other. */
const actingId = (kind: string) =>
  sql<string>`case when substr(audit_events.actor, 1, ${sql.lit(kind.length)}) = ${sql.lit(kind)}
    then substr(audit_events.actor, ${sql.lit(kind.length + 1)}) end`

type ToldRow = AuditEventsTable & Record<'username' | 'public_client_id' | 'actor_name', string | null>

const toEvent = (row: ToldRow): ListedAuditEvent => ({
  ...toAuditRow(row),
  username: row.username,
  publicClientId: row.public_client_id,
  actorName: row.actor_name,
})

const newestFirst = (a: Place, b: Place): number =>
  b.occurred_at_ms - a.occurred_at_ms || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)

/** The last row of the window, the newest of which lie behind `bounds`; undefined when the strand ends within it. */
const endOfWindow = (
  kysely: Kysely<Schema>,
  bounds: readonly Condition[],
  window: number,
): Promise<Place | undefined> =>
  events(kysely, bounds)
    .select(['audit_events.occurred_at_ms', 'audit_events.id'])
    .orderBy('audit_events.occurred_at_ms', 'desc')
    .orderBy('audit_events.id', 'desc')
    .offset(window)
    .limit(1)
    .executeTakeFirst()

/** What was found in a strand, the newest first, and the place up to which it was looked for, that one, too; undefined: to the end. */
interface Found {
  readonly rows: readonly ToldRow[]
  readonly upTo: Place | undefined
}

async function readWindow(
  kysely: Kysely<Schema>,
  { begin, rest }: Strand,
  limit: number,
  window: number,
): Promise<Found> {
  // Where each row is one that is asked for, the limit is bound enough.
  const end = rest.length === 0 ? undefined : await endOfWindow(kysely, begin, window)
  const rows = await told(kysely, [...begin, ...(end === undefined ? [] : [notBefore(end)]), ...rest])
    .orderBy('audit_events.occurred_at_ms', 'desc')
    .orderBy('audit_events.id', 'desc')
    .limit(limit)
    .execute()
  return { rows, upTo: rows.length === limit ? rows.at(-1) : end }
}

const behind = ({ begin, rest }: Strand, place: Place): Strand => ({ begin: [...begin, before(place)], rest })

async function readStrand(kysely: Kysely<Schema>, strand: Strand, limit: number): Promise<readonly ToldRow[]> {
  const found: ToldRow[] = []
  for (let next = strand; ; ) {
    const { rows, upTo } = await readWindow(kysely, next, limit - found.length, WINDOW)
    found.push(...rows)
    if (upTo === undefined || found.length === limit) return found
    next = behind(strand, upTo)
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

  async page(filter, position, limit, look) {
    const rows = new Map<string, ToldRow>()
    const ends: Place[] = []
    for (const strand of strandsOf(filter)) {
      const from = position === undefined ? strand : behind(strand, placeOf(position))
      const found = await readWindow(kysely, from, limit + 1, look)
      for (const row of found.rows) rows.set(row.id, row)
      if (found.upTo !== undefined) ends.push(found.upTo)
    }
    // What lies behind the end of one strand may have newer ones before it there.
    const [horizon] = ends.sort(newestFirst)
    const known = [...rows.values()]
      .filter(row => horizon === undefined || newestFirst(row, horizon) <= 0)
      .sort(newestFirst)
    const events = known.slice(0, limit)
    const next = known.length > limit ? events.at(-1) : horizon
    return { events: events.map(toEvent), next: next && positionOf(next) }
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
