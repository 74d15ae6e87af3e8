/** Which sessions are to end or to lose their index, and how they do. */
import { type Compilable, type ExpressionBuilder, type Kysely, sql } from 'kysely'
import { latestNow } from '../../records/ahead.ts'
import type { Batch, ChangedSessions, SessionFilter, SessionStore } from '../../records/session.ts'
import type { Dialect } from '../engine/dialect.ts'
import { type Executor, type Param, prepared, send } from '../engine/prepared.ts'
import type { Schema, SessionsTable } from '../engine/schema.ts'
import { matching } from './session-list.ts'
import { nothingHeld, type StatusColumns, statusColumns, toHeld } from './session-rows.ts'

type ChangedRow = StatusColumns & { id: string }

/** One session, and whose it must be if somebody said so. */
interface One {
  readonly sessionId: string
  readonly subjectId: string | null
  readonly clientId: string | null
}
type EndOne = One & { readonly nowMs: number; readonly reason: string }

/** Nearly every end is that of one session: its statement is prepared. It asks for nothing more than these three. */
function oneOf({ sessionId, subjectId, clientId, ...more }: SessionFilter, { afterId }: Batch): One | undefined {
  const asksForMore = Object.values(more).some(value => value !== undefined)
  if (sessionId === undefined || asksForMore || afterId !== '') return undefined
  return { sessionId, subjectId: subjectId ?? null, clientId: clientId ?? null }
}

function prepareEndOfOne(db: Kysely<Schema>) {
  const isThisOne = (row: ExpressionBuilder<Schema, 'sessions'>, param: Param<One>) =>
    row.and([
      row('id', '=', param('sessionId')),
      row('ended_at_ms', 'is', null),
      row('subject_id', '=', row.fn.coalesce(param('subjectId'), 'subject_id')),
      row('client_id', '=', row.fn.coalesce(param('clientId'), 'client_id')),
    ])
  return prepared<EndOne, ChangedRow>(param =>
    db
      .updateTable('sessions')
      .set({ ended_at_ms: param('nowMs'), end_reason: param('reason') })
      .where(row => isThisOne(row, param as Param<One>))
      .returning(['id', ...statusColumns]),
  )
}

const usedAtMs = (row: ExpressionBuilder<Schema, 'sessions'>) => row.fn.coalesce('rotated_at_ms', 'created_at_ms')

const changedOf = (rows: readonly ChangedRow[]): ChangedSessions => ({
  ids: rows.map(({ id }) => id),
  held: rows.map(toHeld),
})

export function prepareSessionEnds(
  db: Kysely<Schema>,
  dialect: Dialect,
): (executor: Executor) => Pick<SessionStore, 'end' | 'take' | 'findIdle' | 'hasOpen'> {
  const endOne = prepareEndOfOne(db)

  return executor => {
    const { kysely } = executor

    /** In the order of their ids, so that two writes never wait for each other; nobody changes them until this one is over. */
    async function lockOpen(filter: SessionFilter, { afterId, limit }: Batch): Promise<ChangedSessions> {
      if (Object.values(filter).every(value => value === undefined)) throw new Error('Nobody said which sessions.')
      const query = openSessions(kysely, filter, afterId)
        .select(['id', ...statusColumns])
        .orderBy('id')
        .limit(limit)
      return changedOf(await (dialect.locksRows ? query.forUpdate() : query).execute())
    }

    async function changeOpen(
      filter: SessionFilter,
      batch: Batch,
      change: (update: ReturnType<typeof updateThese>) => Compilable,
    ): Promise<ChangedSessions> {
      const locked = await lockOpen(filter, batch)
      if (locked.ids.length > 0) await send(executor, change(updateThese(kysely, locked.ids)))
      return locked
    }

    return {
      async end(filter, batch, reason, nowMs) {
        const which = oneOf(filter, batch)
        if (which !== undefined) return changedOf((await endOne(executor, { ...which, nowMs, reason })).rows)
        return changeOpen(filter, batch, update => update.set({ ended_at_ms: nowMs, end_reason: reason }))
      },

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
          .where(row => matching(row, { subjectId: userId, clientId, refreshableOnly: true }))
          .where('expires_at_ms', '>', nowMs)
          // What was used in the future was used at a time that nobody knows: it must not outlast what is used now.
          .orderBy(
            row => row.case().when(usedAtMs(row), '>', latestNow(nowMs)).then(0).else(usedAtMs(row)).end(),
            'desc',
          )
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
}

const openSessions = (kysely: Kysely<Schema>, filter: SessionFilter, afterId: string) =>
  kysely
    .selectFrom('sessions')
    .where(row => matching(row, filter))
    .where('id', '>', afterId)

const updateThese = (kysely: Kysely<Schema>, ids: readonly SessionsTable['id'][]) =>
  kysely.updateTable('sessions').where('id', 'in', ids)
