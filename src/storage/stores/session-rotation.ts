/** The one statement of a refresh: it changes the row only if that is still what was read. */
import type { Kysely } from 'kysely'
import type { Rotation, SessionStore } from '../../records/session.ts'
import type { Dialect } from '../engine/dialect.ts'
import { type Executor, type Param, prepared } from '../engine/prepared.ts'
import type { Schema } from '../engine/schema.ts'
import { type StatusColumns, statusAfter, statusColumns, staysPut } from './session-rows.ts'

interface RotationValues extends Rotation {
  readonly now: number
  readonly beforeListId: string | null
  readonly beforeIndex: number | null
  readonly beforeLastExpiryMs: number | null
}

export function prepareSessionRotation(
  db: Kysely<Schema>,
  dialect: Dialect,
): (executor: Executor) => Pick<SessionStore, 'rotate' | 'setStatus'> {
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

  return executor => ({
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
      const { numUpdatedRows } = await executor.kysely
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
  })
}
