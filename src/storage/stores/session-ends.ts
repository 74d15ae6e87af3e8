/** Which sessions are to end or to lose their index, and how they do. */
import { type Kysely, sql } from 'kysely'
import type { Batch, ChangedSessions, SessionFilter, SessionStore } from '../../records/session.ts'
import type { Dialect } from '../engine/dialect.ts'
import type { Executor } from '../engine/prepared.ts'
import type { Schema, SessionsTable } from '../engine/schema.ts'
import { matching } from './session-list.ts'
import { nothingHeld, statusColumns, toHeld } from './session-rows.ts'

export const sessionEnds =
  (dialect: Dialect) =>
  ({ kysely }: Executor): Pick<SessionStore, 'end' | 'take' | 'findIdle' | 'hasOpen'> => {
    /** In the order of their ids, so that two writes never wait for each other; nobody changes them until this one is over. */
    async function lockOpen(filter: SessionFilter, { afterId, limit }: Batch): Promise<ChangedSessions> {
      if (Object.values(filter).every(value => value === undefined)) throw new Error('Nobody said which sessions.')
      const query = openSessions(kysely, filter, afterId)
        .select(['id', ...statusColumns])
        .orderBy('id')
        .limit(limit)
      const rows = await (dialect.locksRows ? query.forUpdate() : query).execute()
      return { ids: rows.map(({ id }) => id), held: rows.map(toHeld) }
    }

    async function changeOpen(
      filter: SessionFilter,
      batch: Batch,
      change: (update: ReturnType<typeof updateThese>) => { execute(): Promise<unknown> },
    ): Promise<ChangedSessions> {
      const locked = await lockOpen(filter, batch)
      if (locked.ids.length > 0) await change(updateThese(kysely, locked.ids)).execute()
      return locked
    }

    return {
      end: (filter, batch, reason, nowMs) =>
        changeOpen(filter, batch, update => update.set({ ended_at_ms: nowMs, end_reason: reason })),

      take: (filter, batch, takenAtMs) =>
        changeOpen(filter, batch, update =>
          update.set(row => ({
            ...nothingHeld,
            revision: row('revision', '+', 1),
            ...(takenAtMs !== undefined && { taken_at_ms: takenAtMs }),
          })),
        ),

      async findIdle(userId, clientId, keep, nowMs, limit) {
        const rows = await kysely
          .selectFrom('sessions')
          .select('id')
          .where(row => matching(row, { subjectId: userId, clientId }))
          .where('expires_at_ms', '>', nowMs)
          .orderBy(row => row.fn.coalesce('rotated_at_ms', 'created_at_ms'), 'desc')
          .orderBy('id')
          // SQLite takes no OFFSET without a LIMIT.
          .limit(2 ** 31)
          .offset(keep)
          .execute()
        // The idlest first to go, in the order of locks.
        return rows
          .slice(-limit)
          .map(({ id }) => id)
          .sort()
      },

      async hasOpen(filter, afterId) {
        const row = await openSessions(kysely, filter, afterId).select(sql`1`.as('one')).limit(1).executeTakeFirst()
        return row !== undefined
      },
    }
  }

const openSessions = (kysely: Kysely<Schema>, filter: SessionFilter, afterId: string) =>
  kysely
    .selectFrom('sessions')
    .where(row => matching(row, filter))
    .where('id', '>', afterId)

const updateThese = (kysely: Kysely<Schema>, ids: readonly SessionsTable['id'][]) =>
  kysely.updateTable('sessions').where('id', 'in', ids)
