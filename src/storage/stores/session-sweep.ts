/** Sessions that are over, for the janitor. */
import type { ExpressionBuilder } from 'kysely'
import type { SessionStore } from '../../records/session.ts'
import type { Moment } from '../../records/status-list.ts'
import type { Executor } from '../engine/prepared.ts'
import type { Schema } from '../engine/schema.ts'

/** It ended or expired, and so did every access token. */
const isOver = (row: ExpressionBuilder<Schema, 'sessions'>, { nowMs, deadMs }: Moment) =>
  row.and([
    row.or([row('ended_at_ms', 'is not', null), row('expires_at_ms', '<=', nowMs)]),
    row.or([row('status_last_expiry_ms', 'is', null), row('status_last_expiry_ms', '<=', deadMs)]),
    row.or([row('left_last_expiry_ms', 'is', null), row('left_last_expiry_ms', '<=', deadMs)]),
  ])

export const sessionSweep = ({ kysely, locks }: Executor): Pick<SessionStore, 'findExpired' | 'removeExpired'> => ({
  async findExpired(afterId, limit, moment) {
    const rows = await kysely
      .selectFrom('sessions')
      .select(row => ['id', isOver(row, moment).as('is_over')])
      .where('id', '>', afterId)
      .orderBy('id')
      .limit(limit)
      .execute()
    // SQLite answers 1 and 0, PostgreSQL true and false.
    const ids = rows.filter(({ is_over }) => Boolean(is_over)).map(({ id }) => id)
    return { ids, next: rows.length === limit ? rows.at(-1)?.id : undefined }
  },
  async removeExpired(ids, moment) {
    if (ids.length === 0) return 0
    const over = kysely
      .selectFrom('sessions')
      .select('id')
      .where('id', 'in', ids)
      .where(row => isOver(row, moment))
      .orderBy('id')
    const { numDeletedRows } = await kysely
      .deleteFrom('sessions')
      .where('id', 'in', locks ? over.forUpdate() : over)
      .executeTakeFirst()
    return Number(numDeletedRows)
  },
})
