/** What a row of the table sessions says, and how it is written. */
import type { Role } from '../../records/role.ts'
import type { NewSession, RefreshFamily, StoredSession } from '../../records/session.ts'
import type { Status } from '../../records/standing.ts'
import type { HeldStatus } from '../../records/status-list.ts'
import type { SessionsTable } from '../engine/schema.ts'

export type FamilyRow = Omit<SessionsTable, 'current_hash'> & {
  current_hash: string
  rotated_ago_ms: number | null
  subject_status: Status
}

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
  subjectId: row.subject_id,
  clientId: row.client_id,
  credentialId: row.credential_id,
  scope: JSON.parse(row.scope),
  audiences: JSON.parse(row.audiences),
  authTimeSeconds: row.auth_time_seconds,
  createdAtMs: row.created_at_ms,
  absoluteExpiresAtMs: row.absolute_expires_at_ms,
  expiresAtMs: row.expires_at_ms,
  endedAtMs: row.ended_at_ms,
  canRefresh: row.handle_hash !== null,
  address: row.address,
  revision: row.revision,
  takenAtMs: row.taken_at_ms,
  held: toHeld(row),
})

export const toFamily = (row: FamilyRow, subjectRoles: readonly Role[]): RefreshFamily => ({
  ...toSession(row),
  currentHash: row.current_hash,
  previousHash: row.previous_hash,
  salt: row.salt,
  rotatedAgoMs: row.rotated_ago_ms,
  subjectStatus: row.subject_status,
  subjectRoles,
})

export const toRow = (session: NewSession): SessionsTable => ({
  id: session.id,
  subject_id: session.subjectId,
  client_id: session.clientId,
  credential_id: session.credentialId,
  revision: 0,
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
  forwarded_by: session.forwardedBy,
  user_agent: session.userAgent,
  status_list_id: session.status.listId,
  status_index: session.status.index,
  status_leave_at_ms: session.status.leaveAtMs,
  status_last_expiry_ms: session.status.lastExpiryMs,
  left_list_id: null,
  left_index: null,
  left_last_expiry_ms: null,
  taken_at_ms: null,
})

export const nothingHeld: Partial<StatusColumns> = Object.fromEntries(statusColumns.map(name => [name, null]))
