/** What a row of the table sessions says, and how it is written. */

import type { NewSession, RefreshFamily, StoredSession } from '../../records/session.ts'
import type { HeldStatus, StatusChange } from '../../records/status-list.ts'
import type { SessionsTable } from '../engine/schema.ts'

export type FamilyRow = Omit<SessionsTable, 'current_hash'> & { current_hash: string; rotated_ago_ms: number | null }

export const statusColumns = [
  'status_list_id',
  'status_index',
  'status_leave_at_ms',
  'status_last_expiry_ms',
  'left_list_id',
  'left_index',
  'left_last_expiry_ms',
] as const
export type StatusColumns = Pick<SessionsTable, (typeof statusColumns)[number]>

/** The columns `left_…` are the status before the last move to a younger list. */
export const toHeld = (row: StatusColumns): HeldStatus => ({
  current:
    row.status_list_id === null
      ? undefined
      : {
          listId: row.status_list_id,
          index: row.status_index as number,
          leaveAtMs: row.status_leave_at_ms as number,
          lastExpiryMs: row.status_last_expiry_ms as number,
        },
  previousStatus:
    row.left_list_id === null
      ? undefined
      : {
          listId: row.left_list_id,
          index: row.left_index as number,
          lastExpiryMs: row.left_last_expiry_ms as number,
        },
})

export const toSession = (row: SessionsTable): StoredSession => ({
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
  canRefresh: row.handle_hash !== null,
  held: toHeld(row),
})

export const toFamily = (row: FamilyRow): RefreshFamily => ({
  ...toSession(row),
  currentHash: row.current_hash,
  previousHash: row.previous_hash,
  salt: row.salt,
  rotatedAgoMs: row.rotated_ago_ms,
})

export const toRow = (session: NewSession): SessionsTable => ({
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
  ...statusAfter({ before: { current: undefined, previousStatus: undefined }, after: session.status }),
})

/** What a row holds after the change: what was left stays known until the next move. */
export function statusAfter({ before, after }: StatusChange): StatusColumns {
  const previous = staysPut({ before, after }) ? before.previousStatus : (before.current ?? before.previousStatus)
  return {
    status_list_id: after.listId,
    status_index: after.index,
    status_leave_at_ms: after.leaveAtMs,
    status_last_expiry_ms: after.lastExpiryMs,
    left_list_id: previous?.listId ?? null,
    left_index: previous?.index ?? null,
    left_last_expiry_ms: previous?.lastExpiryMs ?? null,
  }
}

export const staysPut = ({ before, after }: StatusChange): boolean =>
  before.current?.listId === after.listId && before.current.index === after.index

export const nothingHeld: Partial<StatusColumns> = Object.fromEntries(statusColumns.map(name => [name, null]))
