/**
 * The change of a session's row that goes with a token (docs/adr/0017-every-token-hangs-on-one-row.md). A token is released after one of
 * four: `start` inserts the row, `rotate` puts the next refresh token in the place of the presented one, `extend` goes on with the row
 * as it is, and `none` is an `extend` whose token the row covers already, so that nothing is written. Each asks, at the write, whether
 * all is still as it was read; when it is not, nothing has happened and no token may be released.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../clock.ts'
import type { Provenance } from '../../records/audit-event.ts'
import { networkOf } from '../../records/network.ts'
import type { Role } from '../../records/role.ts'
import type { AsRead, NewSession, Rotation, StoredSession } from '../../records/session.ts'
import type { HeldStatus, SessionStatus } from '../../records/status-list.ts'
import type { Stores, Write } from '../../records/unit-of-work.ts'
import { isSameReference } from '../status-list/status-index.ts'
import type { RefreshToken } from './refresh-token.ts'
import type { SessionEnds } from './session-ends.ts'

/** A session before it has an index, and before anybody wrote down where it came from. */
export type SessionDraft = Omit<NewSession, 'status' | 'address' | 'userAgent'>

export type SessionChange =
  | {
      readonly kind: 'start'
      readonly session: SessionDraft
      /** As they were read for what is granted. */
      readonly roles: readonly Role[]
      /** The password that was checked. */
      readonly passwordId: string
      /** Undefined for a client that may not refresh. */
      readonly refreshToken: RefreshToken | undefined
    }
  | {
      readonly kind: 'rotate'
      /** As it was read. */
      readonly row: StoredSession
      readonly rotation: Rotation
      readonly refreshToken: RefreshToken
    }
  | {
      /** A refresh token whose answer may have been lost is presented again: the same answer, with a fresh access token. */
      readonly kind: 'extend'
      readonly row: StoredSession
      readonly previousHash: string
      readonly refreshToken: RefreshToken
    }

/** The access token that waits to be released. */
export interface SignedToken {
  readonly status: SessionStatus
  readonly expiresAtMs: number
}

/** Who asks, through which client as it was read. */
export interface Asking {
  readonly clientId: string
  readonly clientRevision: number
  /** Until when what the client has proved holds. */
  readonly provedUntilMs: number
  readonly provenance: Provenance
}

/** Asked inside the write that starts a session, with user and client locked: whether both may have a token. */
export type Gate = (
  stores: Stores,
  read: { userId: string; passwordId: string; clientId: string; clientRevision: number },
) => Promise<boolean>

/** Makes the change, in one write; false when something is no longer as it was read, and nothing was changed. */
export type ReleaseToken = (change: SessionChange, token: SignedToken, asking: Asking) => Promise<boolean>

/** What the row holds before the token: a new one has no index yet. */
export const heldBefore = (change: SessionChange): HeldStatus =>
  change.kind === 'start' ? { current: undefined, previousStatus: undefined } : change.row.held

const isFresh = (row: StoredSession, { status }: SignedToken): boolean => !isSameReference(row.held.current, status)

/** Whether whoever revokes the row revokes this token, too, though nothing more is written. */
const isCovered = (row: StoredSession, token: SignedToken): boolean =>
  !isFresh(row, token) && (row.held.current?.lastExpiryMs ?? 0) >= token.expiresAtMs

/** Sessions beyond the limit that one sign-in ends; when the limit was lowered, the next sign-ins end the others. */
const MOST_IDLE = 200

export function createTokenRelease(dependencies: {
  readonly gate: Gate
  readonly ends: SessionEnds
  readonly write: Write
  readonly clock: Clock
  /** Sessions that a user may have through one client. */
  readonly sessionLimit: number
  /** Whether each refresh is audited, or only one from another network than the one before. */
  readonly auditsEveryGrant: boolean
}): ReleaseToken {
  const { gate, ends, write, clock, sessionLimit, auditsEveryGrant } = dependencies

  type Of<Kind> = Extract<SessionChange, { kind: Kind }>

  const asRead = ({ id, revision, subjectId }: StoredSession, { clientId, clientRevision }: Asking): AsRead => ({
    sessionId: id,
    revision,
    subjectId,
    clientId,
    clientRevision,
    nowMs: clock.now(),
  })

  const start = ({ session, roles, passwordId }: Of<'start'>, { status }: SignedToken, asking: Asking) =>
    write(async stores => {
      const { subjectId: userId } = session
      const { clientId, clientRevision, provenance } = asking
      if (!(await gate(stores, { userId, passwordId, clientId, clientRevision }))) return false
      // Who takes a role away locks the user first: it is either seen here, or sees this session.
      if (!isDeepStrictEqual(await stores.users.rolesOf(userId), roles)) return false
      await endIdle(stores, userId, clientId, provenance)
      const { address, userAgent } = provenance
      await stores.sessions.insert({ ...session, status, address, userAgent })
      const who = { userId, clientId, sessionId: session.id, provenance }
      await stores.audit.append({ type: 'user.sign_in', outcome: 'success', ...who })
      return true
    })

  async function endIdle(stores: Stores, userId: string, clientId: string, provenance: Provenance): Promise<void> {
    const idle = await stores.sessions.findIdle(userId, clientId, sessionLimit - 1, clock.now(), MOST_IDLE)
    await ends.endThese(stores, idle, { subjectId: userId, clientId }, 'session_limit', provenance)
  }

  const isWorthAnEvent = (row: StoredSession, { address }: Provenance): boolean =>
    auditsEveryGrant || (row.address !== address && networkOf(row.address ?? '') !== networkOf(address ?? ''))

  const event = (type: 'session.refresh' | 'session.repeat', row: StoredSession, { clientId, provenance }: Asking) =>
    ({ type, outcome: 'success', userId: row.subjectId, clientId, sessionId: row.id, provenance }) as const

  function rotate({ row, rotation }: Of<'rotate'>, token: SignedToken, asking: Asking): Promise<boolean> {
    const rotateRow = ({ sessions }: Stores) =>
      sessions.rotate(asRead(row, asking), rotation, token.status, isFresh(row, token))
    if (!isWorthAnEvent(row, asking.provenance)) return write(rotateRow, 'one statement')
    return write(async stores => {
      const isRotated = await rotateRow(stores)
      if (isRotated) await stores.audit.append(event('session.refresh', row, asking))
      return isRotated
    })
  }

  const extend = ({ row, previousHash }: Of<'extend'>, token: SignedToken, asking: Asking) =>
    write(async stores => {
      const read = { ...asRead(row, asking), previousHash }
      const isGood = isCovered(row, token)
        ? await stores.sessions.isAsRead(read)
        : await stores.sessions.extend(read, token.status, isFresh(row, token))
      if (isGood) await stores.audit.append(event('session.repeat', row, asking))
      return isGood
    })

  return (change, token, asking) => {
    if (asking.provedUntilMs <= clock.now()) return Promise.resolve(false)
    if (change.kind === 'start') return start(change, token, asking)
    return change.kind === 'rotate' ? rotate(change, token, asking) : extend(change, token, asking)
  }
}
