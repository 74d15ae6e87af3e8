import { type Kysely, sql } from 'kysely'
import type { NewSession, RefreshFamily, Rotation, SessionReader, SessionStore } from '../oauth/stores.ts'
import type { Dialect } from './dialect.ts'
import { type Executor, prepared } from './prepared.ts'
import type { Schema, SessionsTable } from './schema.ts'

type FamilyRow = Omit<SessionsTable, 'current_hash'> & { current_hash: string; rotated_ago_ms: number | null }

const toFamily = (row: FamilyRow): RefreshFamily => ({
  id: row.id,
  userId: row.user_id,
  clientId: row.client_id,
  scope: JSON.parse(row.scope),
  audiences: JSON.parse(row.audiences),
  authTimeSeconds: row.auth_time_seconds,
  absoluteExpiresAtMs: row.absolute_expires_at_ms,
  expiresAtMs: row.expires_at_ms,
  endedAtMs: row.ended_at_ms,
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
})

export function prepareSessionStore(
  db: Kysely<Schema>,
  dialect: Dialect,
): (executor: Executor) => SessionReader & SessionStore {
  const findByHandleHash = prepared<{ handleHash: string; now: number }, FamilyRow>(param =>
    db
      .selectFrom('sessions')
      .selectAll()
      .select(sql<number | null>`${dialect.nowMs(param('now'))} - rotated_at_ms`.as('rotated_ago_ms'))
      .where('handle_hash', '=', param('handleHash'))
      .$narrowType<{ current_hash: string }>(),
  )

  const rotate = prepared<Rotation & { now: number }>(param =>
    db
      .updateTable('sessions')
      .set(row => ({
        previous_hash: row.ref('current_hash'),
        current_hash: param('nextHash'),
        salt: param('salt'),
        rotated_at_ms: dialect.nowMs(param('now')),
        expires_at_ms: param('expiresAtMs'),
      }))
      .where('handle_hash', '=', param('handleHash'))
      .where('current_hash', '=', param('currentHash'))
      .where('client_id', '=', param('clientId'))
      .where('ended_at_ms', 'is', null)
      .where('expires_at_ms', '>', param('nowMs')),
  )

  return executor => {
    const endWhere = async (column: 'id' | 'user_id' | 'client_id', value: string, reason: string, nowMs: number) => {
      const result = await executor.kysely
        .updateTable('sessions')
        .set({ ended_at_ms: nowMs, end_reason: reason })
        .where(column, '=', value)
        .where('ended_at_ms', 'is', null)
        .where('expires_at_ms', '>', nowMs)
        .executeTakeFirst()
      return Number(result.numUpdatedRows)
    }
    return {
      async findByHandleHash(handleHash) {
        const { rows } = await findByHandleHash(executor, { handleHash, now: dialect.clock.now() })
        return rows[0] && toFamily(rows[0])
      },
      async insert(session) {
        await executor.kysely.insertInto('sessions').values(toRow(session)).execute()
      },
      async rotate(rotation) {
        const { changed } = await rotate(executor, { ...rotation, now: dialect.clock.now() })
        return changed === 1
      },
      end: async (sessionId, reason, nowMs) => (await endWhere('id', sessionId, reason, nowMs)) === 1,
      endAllOfUser: (userId, reason, nowMs) => endWhere('user_id', userId, reason, nowMs),
      endAllOfClient: (clientId, reason, nowMs) => endWhere('client_id', clientId, reason, nowMs),
    }
  }
}
