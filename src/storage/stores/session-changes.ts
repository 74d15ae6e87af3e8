/** The one statement with which a token is released: it changes the row only if all is still as it was read. */
import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql } from 'kysely'
import type { AsRead, Rotation, SessionReader, SessionStore } from '../../records/session.ts'
import type { SessionStatus } from '../../records/status-list.ts'
import type { Dialect } from '../engine/dialect.ts'
import { type Executor, type Param, prepared } from '../engine/prepared.ts'
import type { Schema } from '../engine/schema.ts'

type LookValues = Omit<AsRead, 'previousHash'> & { readonly previousHash: string | null }
type AsReadValues = Omit<LookValues, 'previousHash'>
type ExtendValues = LookValues & SessionStatus
type RotateValues = AsReadValues & SessionStatus & Rotation & { readonly now: number }

const active = sql.lit('active' as const)

/**
 * The row and its client are as they were read. Where PostgreSQL waits for the row it looks again at the row alone, not at the client
 * or the subject: so whatever is taken from them reaches every open row after it is committed.
 */
const isAsRead = (row: ExpressionBuilder<Schema, 'sessions'>, param: Param<AsReadValues>) =>
  row.and([
    row('id', '=', param('sessionId')),
    row('subject_id', '=', param('subjectId')),
    row('client_id', '=', param('clientId')),
    row('revision', '=', param('revision')),
    row('ended_at_ms', 'is', null),
    row('expires_at_ms', '>', param('nowMs')),
    row.exists(
      row
        .selectFrom('clients')
        .select('clients.id')
        .where('clients.id', '=', param('clientId'))
        .where('clients.revision', '=', param('clientRevision')),
    ),
  ])

type Stands = (row: ExpressionBuilder<Schema, 'sessions'>, param: Param<AsReadValues>) => Expression<SqlBool>

const userStands: Stands = (row, param) =>
  row.exists(
    row
      .selectFrom('users')
      .select('users.id')
      .where('users.id', '=', param('subjectId'))
      .where('users.status', '=', active),
  )

/** As it was read it was active, and whatever happens to it raises its revision. */
const clientStands: Stands = (row, param) =>
  row.exists(
    row
      .selectFrom('clients')
      .select('clients.id')
      .where('clients.id', '=', param('subjectId'))
      .where('clients.revision', '=', sql<number>`${param('subjectRevision')}`),
  )

/** Of a refresh token that is presented again: it is still the one before the current one. */
const isPrevious = (row: ExpressionBuilder<Schema, 'sessions'>, param: Param<LookValues>) =>
  row(sql`coalesce(${param('previousHash')}, previous_hash)`, 'is not distinct from', row.ref('previous_hash'))

/** It never falls: tokens with this index that were signed before live as long as they say. */
const laterExpiry = (param: Param<SessionStatus>) => ({
  status_last_expiry_ms: sql<number>`case when status_last_expiry_ms > ${param('lastExpiryMs')} then status_last_expiry_ms else ${param('lastExpiryMs')} end`,
})

/** Another index: what the row held stays known as the one it left, with its expiry as it is now. */
const freshIndex = (row: ExpressionBuilder<Schema, 'sessions'>, param: Param<SessionStatus>) => ({
  left_list_id: row.ref('status_list_id'),
  left_index: row.ref('status_index'),
  left_last_expiry_ms: row.ref('status_last_expiry_ms'),
  status_list_id: param('listId'),
  status_index: param('index'),
  status_leave_at_ms: param('leaveAtMs'),
  status_last_expiry_ms: param('lastExpiryMs'),
  revision: row('revision', '+', 1),
})

/** The two changes of a row that goes on with the same refresh token, or has none. */
function prepareExtensions(db: Kysely<Schema>, stands: Stands) {
  const look = prepared<LookValues, { id: string }>(param =>
    db
      .selectFrom('sessions')
      .select('id')
      .where(row => isAsRead(row, param as Param<AsReadValues>))
      .where(row => stands(row, param as Param<AsReadValues>))
      .where(row => isPrevious(row, param)),
  )
  const extension = (param: Param<ExtendValues>) =>
    db
      .updateTable('sessions')
      .where(row => isAsRead(row, param as Param<AsReadValues>))
      .where(row => stands(row, param as Param<AsReadValues>))
      .where(row => isPrevious(row, param as Param<LookValues>))
  const extend = prepared<ExtendValues>(param => extension(param).set(laterExpiry(param as Param<SessionStatus>)))
  const extendFresh = prepared<ExtendValues>(param =>
    extension(param).set(row => freshIndex(row, param as Param<SessionStatus>)),
  )
  return { look, extend, extendFresh }
}

export function prepareSessionChanges(
  db: Kysely<Schema>,
  dialect: Dialect,
): (executor: Executor) => Pick<SessionStore, 'rotate' | 'extend'> & Pick<SessionReader, 'isAsRead'> {
  const ofUser = prepareExtensions(db, userStands)
  const ofClient = prepareExtensions(db, clientStands)
  const extensionsOf = ({ subjectRevision }: AsRead) => (subjectRevision === null ? ofUser : ofClient)
  const rotation = (param: Param<RotateValues>) =>
    db
      .updateTable('sessions')
      .where(row => isAsRead(row, param as Param<AsReadValues>))
      .where(row => userStands(row, param as Param<AsReadValues>))
      .set(row => ({
        previous_hash: row.ref('current_hash'),
        current_hash: param('nextHash'),
        salt: param('salt'),
        rotated_at_ms: dialect.nowMs(param('now')),
        expires_at_ms: param('expiresAtMs'),
        absolute_expires_at_ms: param('absoluteExpiresAtMs'),
        address: param('address'),
        // Forwarded was the address of the sign-in.
        forwarded_by: null,
        user_agent: param('userAgent'),
      }))
      .where('current_hash', '=', param('currentHash'))
  const rotate = prepared<RotateValues>(param => rotation(param).set(laterExpiry(param as Param<SessionStatus>)))
  const rotateFresh = prepared<RotateValues>(param =>
    rotation(param).set(row => freshIndex(row, param as Param<SessionStatus>)),
  )

  return executor => ({
    async isAsRead(asRead) {
      const { look } = extensionsOf(asRead)
      return (await look.first(executor, { previousHash: null, ...asRead })) !== undefined
    },
    async rotate(asRead, written, status, isFresh) {
      const values = { ...asRead, ...written, ...status, now: dialect.clock.now() }
      const { changed } = await (isFresh ? rotateFresh : rotate)(executor, values)
      return changed === 1
    },
    async extend(asRead, status, isFresh) {
      const { extend, extendFresh } = extensionsOf(asRead)
      const { changed } = await (isFresh ? extendFresh : extend)(executor, { previousHash: null, ...asRead, ...status })
      return changed === 1
    },
  })
}
