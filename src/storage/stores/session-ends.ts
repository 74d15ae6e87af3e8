/** Which sessions are to end, and their end. */
import { type Kysely, sql } from 'kysely'
import type { SessionFilter, SessionStore } from '../../records/session.ts'
import type { Dialect } from '../engine/dialect.ts'
import { type Executor, prepared } from '../engine/prepared.ts'
import type { Schema } from '../engine/schema.ts'
import { type FilterValues, matching } from './session-list.ts'
import { nothingHeld, type StatusColumns, statusColumns, toHeld } from './session-rows.ts'

const CHUNK = 1000

interface EndValues extends FilterValues {
  readonly reason: string
  readonly nowMs: number
  readonly limit: number
}

export function prepareSessionEnds(
  db: Kysely<Schema>,
  dialect: Dialect,
): (executor: Executor) => Pick<SessionStore, 'end' | 'takeStatus' | 'findIdle' | 'findLeftOver'> {
  const prepareEnd = (filter: SessionFilter) =>
    prepared<EndValues, StatusColumns>(param =>
      db
        .updateTable('sessions')
        .set({ ended_at_ms: param('nowMs'), end_reason: param('reason') })
        .where('id', 'in', some =>
          some
            .selectFrom('sessions')
            .select('id')
            .where(row => matching(row, filter, param))
            .limit(param('limit')),
        )
        .where('ended_at_ms', 'is', null)
        .returning([...statusColumns]),
    )
  const prepareHeld = (filter: SessionFilter) =>
    prepared<FilterValues, StatusColumns & { id: string }>(param => {
      const query = db
        .selectFrom('sessions')
        .select(['id', ...statusColumns])
        .where(row => matching(row, filter, param))
        .orderBy('id')
      return dialect.locksRows ? query.forUpdate() : query
    })
  const endOf = byNames(prepareEnd)
  const heldOf = byNames(prepareHeld)

  return executor => ({
    async end(filter, reason, nowMs, limit) {
      const { rows } = await endOf(filter)(executor, { ...filter, reason, nowMs, limit })
      return rows.map(toHeld)
    },
    async takeStatus(filter) {
      const { rows } = await heldOf(filter)(executor, filter)
      const ids = rows.map(({ id }) => id)
      // A statement has room for some thousand values.
      for (let from = 0; from < ids.length; from += CHUNK) {
        const chunk = ids.slice(from, from + CHUNK)
        await executor.kysely.updateTable('sessions').set(nothingHeld).where('id', 'in', chunk).execute()
      }
      return rows.map(toHeld)
    },
    async findIdle(userId, clientId, keep, nowMs, limit) {
      const rows = await executor.kysely
        .selectFrom('sessions')
        .select('id')
        .where(row => matching(row, { userId, clientId }))
        .where('expires_at_ms', '>', nowMs)
        .orderBy(row => row.fn.coalesce('rotated_at_ms', 'created_at_ms'), 'desc')
        .orderBy('id')
        // SQLite takes no OFFSET without a LIMIT.
        .limit(2 ** 31)
        .offset(keep)
        .execute()
      return rows.map(({ id }) => id).slice(-limit)
    },
    async findLeftOver() {
      const rows = await executor.kysely
        .selectFrom('clients')
        .select(['id', 'status'])
        .where('status', '<>', sql.lit('active' as const))
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('sessions')
              .select('sessions.id')
              .whereRef('sessions.client_id', '=', 'clients.id')
              .where('sessions.ended_at_ms', 'is', null),
          ),
        )
        .execute()
      return rows.map(({ id, status }) => ({ clientId: id, reason: `client_${status}` }))
    },
  })
}

/** One query for each set of conditions that is asked for: there are a handful. */
function byNames<Q>(prepare: (filter: SessionFilter) => Q): (filter: SessionFilter) => Q {
  const queries = new Map<string, Q>()
  return filter => {
    const names = Object.entries(filter).filter(([, value]) => value !== undefined)
    const key = names
      .map(([name]) => name)
      .sort()
      .join()
    const query = queries.get(key) ?? prepare(filter)
    queries.set(key, query)
    return query
  }
}
