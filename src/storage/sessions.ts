import { type ExpressionBuilder, type Kysely, type Selectable, sql } from 'kysely'
import type {
  HeldStatus,
  Moment,
  NewSession,
  RefreshFamily,
  Rotation,
  SessionStore,
  StatusChange,
  StoredSession,
} from '../oauth/stores.ts'
import type { Dialect } from './dialect.ts'
import { type Executor, type Param, prepared } from './prepared.ts'
import type { Schema, SessionsTable } from './schema.ts'
import { listSessions, matching } from './session-list.ts'

type FamilyRow = Omit<SessionsTable, 'current_hash'> & { current_hash: string; rotated_ago_ms: number | null }

type StatusColumns = Pick<
  SessionsTable,
  | 'status_list_id'
  | 'status_index'
  | 'status_leave_at_ms'
  | 'status_last_expiry_ms'
  | 'left_list_id'
  | 'left_index'
  | 'left_last_expiry_ms'
>

const statusColumns = [
  'status_list_id',
  'status_index',
  'status_leave_at_ms',
  'status_last_expiry_ms',
  'left_list_id',
  'left_index',
  'left_last_expiry_ms',
] as const

const toHeld = (row: StatusColumns): HeldStatus => ({
  current:
    row.status_list_id === null
      ? undefined
      : {
          listId: row.status_list_id,
          index: row.status_index as number,
          leaveAtMs: row.status_leave_at_ms as number,
          lastExpiryMs: row.status_last_expiry_ms as number,
        },
  left:
    row.left_list_id === null
      ? undefined
      : {
          listId: row.left_list_id,
          index: row.left_index as number,
          lastExpiryMs: row.left_last_expiry_ms as number,
        },
})

const toSession = (row: SessionsTable): StoredSession => ({
  id: row.id,
  userId: row.user_id,
  clientId: row.client_id,
  scope: JSON.parse(row.scope),
  audiences: JSON.parse(row.audiences),
  authTimeSeconds: row.auth_time_seconds,
  createdAtMs: row.created_at_ms,
  absoluteExpiresAtMs: row.absolute_expires_at_ms,
  expiresAtMs: row.expires_at_ms,
  endedAtMs: row.ended_at_ms,
  held: toHeld(row),
})

const toFamily = (row: FamilyRow): RefreshFamily => ({
  ...toSession(row),
  currentHash: row.current_hash,
  previousHash: row.previous_hash,
  salt: row.salt,
  rotatedAgoMs: row.rotated_ago_ms,
})

const toRow = (session: NewSession): SessionsTable => ({
  id: session.id,
  user_id: session.userId,
  client_id: session.clientId,
  scope: JSON.stringify(session.scope),
  audiences: JSON.stringify(session.audiences),
  auth_time_seconds: session.authTimeSeconds,
  created_at_ms: session.createdAtMs,
  expires_at_ms: session.expiresAtMs,
  absolute_expires_at_ms: session.absoluteExpiresAtMs,
  handle_hash: session.family?.handleHash ?? null,
  current_hash: session.family?.currentHash ?? null,
  previous_hash: null,
  salt: null,
  rotated_at_ms: null,
  ended_at_ms: null,
  end_reason: null,
  address: session.address,
  user_agent: session.userAgent,
  ...statusAfter({ before: { current: undefined, left: undefined }, after: session.status }),
})

/** What a row holds after the change: what was left stays known until the next move. */
function statusAfter({ before, after }: StatusChange): StatusColumns {
  const left = staysPut({ before, after }) ? before.left : (before.current ?? before.left)
  return {
    status_list_id: after.listId,
    status_index: after.index,
    status_leave_at_ms: after.leaveAtMs,
    status_last_expiry_ms: after.lastExpiryMs,
    left_list_id: left?.listId ?? null,
    left_index: left?.index ?? null,
    left_last_expiry_ms: left?.lastExpiryMs ?? null,
  }
}

const staysPut = ({ before, after }: StatusChange): boolean =>
  before.current?.listId === after.listId && before.current.index === after.index

const nothingHeld = {
  status_list_id: null,
  status_index: null,
  status_leave_at_ms: null,
  status_last_expiry_ms: null,
  left_list_id: null,
  left_index: null,
  left_last_expiry_ms: null,
}

interface RotationValues extends Rotation {
  readonly now: number
  readonly beforeListId: string | null
  readonly beforeIndex: number | null
  readonly beforeLastExpiryMs: number | null
}

export function prepareSessionStore(db: Kysely<Schema>, dialect: Dialect): (executor: Executor) => SessionStore {
  const find = prepared<{ sessionId: string }, Selectable<SessionsTable>>(param =>
    db.selectFrom('sessions').selectAll().where('id', '=', param('sessionId')),
  )

  const findByHandleHash = prepared<{ handleHash: string; now: number }, FamilyRow>(param =>
    db
      .selectFrom('sessions')
      .selectAll()
      .select(sql<number | null>`${dialect.nowMs(param('now'))} - rotated_at_ms`.as('rotated_ago_ms'))
      .where('handle_hash', '=', param('handleHash'))
      .$narrowType<{ current_hash: string }>(),
  )

  const rotation = (param: Param<RotationValues>) =>
    db
      .updateTable('sessions')
      .set(row => ({
        previous_hash: row.ref('current_hash'),
        current_hash: param('nextHash'),
        salt: param('salt'),
        rotated_at_ms: dialect.nowMs(param('now')),
        expires_at_ms: param('expiresAtMs'),
        address: param('address'),
        user_agent: param('userAgent'),
      }))
      .where('handle_hash', '=', param('handleHash'))
      .where('current_hash', '=', param('currentHash'))
      .where('client_id', '=', param('clientId'))
      .where('ended_at_ms', 'is', null)
      .where('expires_at_ms', '>', param('nowMs'))
      .where('status_list_id', 'is not distinct from', param('beforeListId'))
      .where('status_index', 'is not distinct from', param('beforeIndex'))
      .where('status_last_expiry_ms', 'is not distinct from', param('beforeLastExpiryMs'))

  const rotate = prepared<RotationValues & Pick<StatusColumns, 'status_last_expiry_ms'>>(param =>
    rotation(param as never).set({ status_last_expiry_ms: param('status_last_expiry_ms') }),
  )
  const rotateAndMove = prepared<RotationValues & StatusColumns>(param =>
    rotation(param as never).set(
      Object.fromEntries(statusColumns.map(name => [name, param(name)])) as Record<string, never>,
    ),
  )

  return executor => {
    const { kysely } = executor
    return {
      async find(sessionId) {
        const { rows } = await find(executor, { sessionId })
        return rows[0] && toSession(rows[0])
      },
      async findByHandleHash(handleHash) {
        const { rows } = await findByHandleHash(executor, { handleHash, now: dialect.clock.now() })
        return rows[0] && toFamily(rows[0])
      },
      list: (which, nowMs) => listSessions(kysely, which, nowMs),
      async findOver(afterId, limit, moment) {
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
      async findLeftOver() {
        const rows = await kysely
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
      async insert(session) {
        await kysely.insertInto('sessions').values(toRow(session)).execute()
      },
      async rotate(values, status) {
        const { current } = status.before
        const parameters = {
          ...values,
          ...statusAfter(status),
          now: dialect.clock.now(),
          beforeListId: current?.listId ?? null,
          beforeIndex: current?.index ?? null,
          beforeLastExpiryMs: current?.lastExpiryMs ?? null,
        }
        const { changed } = await (staysPut(status) ? rotate : rotateAndMove)(executor, parameters)
        return changed === 1
      },
      async setStatus(sessionId, status) {
        const { current } = status.before
        const { numUpdatedRows } = await kysely
          .updateTable('sessions')
          .set(statusAfter(status))
          .where('id', '=', sessionId)
          .where('ended_at_ms', 'is', null)
          .where('status_list_id', 'is not distinct from', current?.listId ?? null)
          .where('status_index', 'is not distinct from', current?.index ?? null)
          .where('status_last_expiry_ms', 'is not distinct from', current?.lastExpiryMs ?? null)
          .executeTakeFirst()
        return numUpdatedRows === 1n
      },
      async findIdle(userId, clientId, keep, nowMs) {
        const rows = await kysely
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
        return rows.map(({ id }) => id)
      },
      async end(which, reason, nowMs, limit) {
        const rows = await kysely
          .updateTable('sessions')
          .set({ ended_at_ms: nowMs, end_reason: reason })
          .where('id', 'in', some =>
            some
              .selectFrom('sessions')
              .select('id')
              .where(row => matching(row, which))
              .limit(limit),
          )
          .where('ended_at_ms', 'is', null)
          .returning([...statusColumns])
          .execute()
        return rows.map(toHeld)
      },
      async takeStatus(which) {
        const query = kysely
          .selectFrom('sessions')
          .select(['id', ...statusColumns])
          .where(row => matching(row, which))
        const rows = await (dialect.locksRows ? query.forUpdate() : query).execute()
        const ids = rows.map(({ id }) => id)
        if (ids.length > 0) await kysely.updateTable('sessions').set(nothingHeld).where('id', 'in', ids).execute()
        return rows.map(toHeld)
      },
      async removeOver(ids, moment) {
        if (ids.length === 0) return 0
        const { numDeletedRows } = await kysely
          .deleteFrom('sessions')
          .where('id', 'in', ids)
          .where(row => isOver(row, moment))
          .executeTakeFirst()
        return Number(numDeletedRows)
      },
    }
  }
}

/** It ended or expired, and so did every access token. */
const isOver = (row: ExpressionBuilder<Schema, 'sessions'>, { nowMs, deadMs }: Moment) =>
  row.and([
    row.or([row('ended_at_ms', 'is not', null), row('expires_at_ms', '<=', nowMs)]),
    row.or([row('status_last_expiry_ms', 'is', null), row('status_last_expiry_ms', '<=', deadMs)]),
    row.or([row('left_last_expiry_ms', 'is', null), row('left_last_expiry_ms', '<=', deadMs)]),
  ])
