/** Sessions as their users and the operators look for them. */
import type { ExpressionBuilder, Kysely } from 'kysely'
import type { AliveSessions, ListedSession, SessionFilter, SessionReach } from '../../records/session.ts'
import type { Schema } from '../engine/schema.ts'

/** The sessions that have not ended and fulfil every condition that is given. */
export function matching(row: ExpressionBuilder<Schema, 'sessions'>, filter: SessionFilter) {
  const {
    sessionId,
    exceptSessionId,
    subjectId,
    clientId,
    exceptClientId,
    credentialId,
    signInsOnly,
    refreshableOnly,
    holds,
  } = filter
  const conditions = [row('sessions.ended_at_ms', 'is', null)]
  if (sessionId !== undefined) conditions.push(row('sessions.id', '=', sessionId))
  if (exceptSessionId !== undefined) conditions.push(row('sessions.id', '<>', exceptSessionId))
  if (subjectId !== undefined) conditions.push(row('sessions.subject_id', '=', subjectId))
  if (clientId !== undefined) conditions.push(row('sessions.client_id', '=', clientId))
  if (exceptClientId !== undefined) conditions.push(row('sessions.client_id', '<>', exceptClientId))
  if (credentialId !== undefined) conditions.push(row('sessions.credential_id', '=', credentialId))
  if (signInsOnly === true) conditions.push(row('sessions.credential_id', 'is', null))
  if (refreshableOnly === true) conditions.push(row('sessions.handle_hash', 'is not', null))
  if (holds !== undefined) {
    const { listId, index } = holds
    const current = row.and([row('sessions.status_list_id', '=', listId), row('sessions.status_index', '=', index)])
    const left = row.and([row('sessions.left_list_id', '=', listId), row('sessions.left_index', '=', index)])
    conditions.push(row.or([current, left]))
  }
  return row.and(conditions)
}

/** Ids are in the order of time, and lie before this one. Those of version 0.1 are random, and nearly all lie behind it. */
const FIRST_RANDOM_ID = 'session_1'

/** @returns the one used last first */
export async function listSessions(
  kysely: Kysely<Schema>,
  filter: SessionFilter,
  nowMs: number,
  limit: number,
): Promise<readonly ListedSession[]> {
  const found = await pageOfSessions(kysely, filter, nowMs, undefined, limit)
  return found.toSorted((a, b) => b.lastUsedAtMs - a.lastUsedAtMs || (a.id < b.id ? -1 : 1))
}

/** @returns the one started last first; those of version 0.1 come last, in any order that stays */
export async function pageOfSessions(
  kysely: Kysely<Schema>,
  filter: SessionFilter,
  nowMs: number,
  afterId: string | undefined,
  limit: number,
): Promise<readonly ListedSession[]> {
  const isAmongRandom = afterId !== undefined && afterId >= FIRST_RANDOM_ID
  const first = isAmongRandom
    ? []
    : await readSessions(kysely, filter, { below: afterId ?? FIRST_RANDOM_ID }, nowMs, limit)
  const left = limit - first.length
  if (left === 0) return first
  const range = { from: FIRST_RANDOM_ID, ...(isAmongRandom && { below: afterId }) }
  return [...first, ...(await readSessions(kysely, filter, range, nowMs, left))]
}

/** Ids, not with the one at its end. */
interface Range {
  readonly from?: string
  readonly below?: string
}

async function readSessions(
  kysely: Kysely<Schema>,
  filter: SessionFilter,
  { from, below }: Range,
  nowMs: number,
  limit: number,
): Promise<readonly ListedSession[]> {
  let query = kysely
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.subject_id')
    .innerJoin('clients', 'clients.id', 'sessions.client_id')
    .select([
      'sessions.id',
      'sessions.subject_id',
      'users.username',
      'clients.client_id',
      'sessions.created_at_ms',
      'sessions.rotated_at_ms',
      'sessions.expires_at_ms',
      'sessions.address',
      'sessions.forwarded_by',
      'sessions.user_agent',
    ])
    .where(row => matching(row as unknown as ExpressionBuilder<Schema, 'sessions'>, { ...filter, signInsOnly: true }))
    // It can be refreshed, or an access token of it still works.
    .where(row =>
      row.or([row('sessions.expires_at_ms', '>', nowMs), row('sessions.status_last_expiry_ms', '>', nowMs)]),
    )
    // No more is read than is shown.
    .orderBy('sessions.id', 'desc')
    .limit(limit)
  if (from !== undefined) query = query.where('sessions.id', '>=', from)
  if (below !== undefined) query = query.where('sessions.id', '<', below)
  const rows = await query.execute()
  return rows.map(row => ({
    id: row.id,
    userId: row.subject_id,
    username: row.username,
    clientId: row.client_id,
    createdAtMs: row.created_at_ms,
    lastUsedAtMs: row.rotated_at_ms ?? row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    address: row.address,
    forwardedBy: row.forwarded_by,
    userAgent: row.user_agent,
  }))
}

/**
 * Those with a live access token that were used last in this span of time; it looks no further than it counts. When a machine had its
 * last token is not written: it counts if it may have been.
 */
export async function countLive(
  kysely: Kysely<Schema>,
  usedFromMs: number,
  usedBeforeMs: number,
  nowMs: number,
  most: number,
): Promise<number> {
  const { count } = await kysely
    .selectFrom(some =>
      some
        .selectFrom('sessions')
        .select('id')
        .where('ended_at_ms', 'is', null)
        .where('status_last_expiry_ms', '>', nowMs)
        .where(row =>
          row.or([
            row(row.fn.coalesce('rotated_at_ms', 'created_at_ms'), '>=', usedFromMs),
            row('credential_id', 'is not', null),
          ]),
        )
        .where(row => row.fn.coalesce('rotated_at_ms', 'created_at_ms'), '<', usedBeforeMs)
        .orderBy('id', 'desc')
        .limit(most)
        .as('live'),
    )
    .select(row => row.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Alive is a sign-in that can be refreshed, and whatever has a live access token. */
export async function countAlive(
  kysely: Kysely<Schema>,
  { roleName, credentialIds, ...filter }: SessionReach,
  nowMs: number,
  most: number,
): Promise<AliveSessions> {
  // PostgreSQL takes no empty list.
  if (credentialIds?.length === 0) return { signIns: 0, signInsWithToken: 0, machines: 0 }
  const counts = await kysely
    .selectFrom(some => {
      let query = some
        .selectFrom('sessions')
        .select(['credential_id', 'status_last_expiry_ms'])
        .where(row => matching(row, filter))
        .where(row =>
          row.or([
            row('status_last_expiry_ms', '>', nowMs),
            row.and([row('expires_at_ms', '>', nowMs), row('credential_id', 'is', null)]),
          ]),
        )
        .limit(most)
      if (credentialIds !== undefined) query = query.where('credential_id', 'in', credentialIds)
      if (roleName !== undefined)
        query = query.where('subject_id', 'in', holders =>
          holders.selectFrom('user_roles').select('user_id').where('role_name', '=', roleName),
        )
      return query.as('alive')
    })
    .select(row => {
      const counted = () => row.fn.countAll<number>()
      const isSignIn = row('credential_id', 'is', null)
      return [
        counted().filterWhere(isSignIn).as('signIns'),
        counted()
          .filterWhere(row.and([isSignIn, row('status_last_expiry_ms', '>', nowMs)]))
          .as('signInsWithToken'),
        counted().filterWhere('credential_id', 'is not', null).as('machines'),
      ]
    })
    .executeTakeFirstOrThrow()
  return {
    signIns: Number(counts.signIns),
    signInsWithToken: Number(counts.signInsWithToken),
    machines: Number(counts.machines),
  }
}

/** By the index of those; it looks no further than it counts. */
export async function countOpen(kysely: Kysely<Schema>, most: number): Promise<number> {
  const { count } = await kysely
    .selectFrom(some =>
      some.selectFrom('sessions').select('client_id').where('ended_at_ms', 'is', null).limit(most).as('open'),
    )
    .select(row => row.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}
