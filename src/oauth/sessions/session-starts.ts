/** How a session's row is inserted: under the locks of everybody whom it depends on, who are asked again there. */
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../clock.ts'
import { isApiKeyId, statusOf } from '../../records/api-key.ts'
import type { Role } from '../../records/role.ts'
import type { NewSession } from '../../records/session.ts'
import type { SessionStatus } from '../../records/status-list.ts'
import type { TrustedIssuer } from '../../records/trusted-issuer.ts'
import type { Stores, Write } from '../../records/unit-of-work.ts'
import { type Asking, isFirstUse } from './asking.ts'
import { eventOf } from './grant-events.ts'
import type { RefreshToken } from './refresh-token.ts'
import type { SessionEnds } from './session-ends.ts'

/** A session before it has an index, and before anybody wrote down where it came from. */
export type SessionDraft = Omit<NewSession, 'status' | 'address' | 'forwardedBy' | 'userAgent'>

/** Whom the tokens speak of, as it was read for what is granted. */
export type SubjectAsRead =
  | {
      readonly roles: readonly Role[]
      /** The password that was checked; undefined for an API key. */
      readonly passwordId: string | undefined
    }
  /** Of a client, and of the issuer whose token it proved itself with. */
  | { readonly revision: number; readonly issuer?: Pick<TrustedIssuer, 'id' | 'revision'> | undefined }

export interface Start {
  readonly kind: 'start'
  readonly session: SessionDraft
  readonly asRead: SubjectAsRead
  /** Undefined for a machine, and for a client that may not refresh. */
  readonly refreshToken: RefreshToken | undefined
}

/** The access token that waits to be released. */
export interface SignedToken {
  readonly status: SessionStatus
  readonly expiresAtMs: number
}

/** Asked inside the write that starts a session, with subject and client locked: whether both may have a token. */
export type Gate = (
  stores: Stores,
  read: {
    readonly subjectId: string
    readonly clientId: string
    readonly clientRevision: number
    /** Undefined where no password was checked. */
    readonly passwordId: string | undefined
    /** Undefined for a user. */
    readonly subjectRevision: number | undefined
  },
) => Promise<boolean>

/** False when something is no longer as it was read, and nothing was changed. */
export type InsertSession = (start: Start, token: SignedToken, asking: Asking) => Promise<boolean>

/** Sign-ins beyond the limit that one sign-in ends; when the limit was lowered, the next ones end the others. */
const MOST_IDLE = 200

export function createSessionStarts(dependencies: {
  readonly gate: Gate
  readonly ends: SessionEnds
  readonly write: Write
  readonly clock: Clock
  /** Sign-ins that a user may have through one client. */
  readonly sessionLimit: number
}): InsertSession {
  const { gate, ends, write, clock, sessionLimit } = dependencies

  const isStillOpen = (stores: Stores, { session, asRead }: Start, { clientId, clientRevision }: Asking) =>
    gate(stores, {
      subjectId: session.subjectId,
      clientId,
      clientRevision,
      passwordId: 'roles' in asRead ? asRead.passwordId : undefined,
      subjectRevision: 'roles' in asRead ? undefined : asRead.revision,
    })

  /** A client's own credentials are asked with its revision. Who revokes a key locks it first: it is seen here, or sees this row. */
  async function isCredentialLive(stores: Stores, { credentialId }: SessionDraft): Promise<boolean> {
    if (credentialId === null || !isApiKeyId(credentialId)) return true
    const key = await stores.apiKeys.find(credentialId)
    return key !== undefined && statusOf(key, clock.now()) === 'active'
  }

  /** Who takes a role away locks the user first: it is either seen here, or sees this session. */
  const areRolesAsRead = async (stores: Stores, { session, asRead }: Start): Promise<boolean> =>
    !('roles' in asRead) || isDeepStrictEqual(await stores.users.rolesOf(session.subjectId), asRead.roles)

  /** Locked before everything else. Who changes it reaches every row that hangs on it after that: it is seen here, or sees this row. */
  async function isIssuerAsRead(stores: Stores, { asRead }: Start): Promise<boolean> {
    const issuer = 'revision' in asRead ? asRead.issuer : undefined
    return issuer === undefined || (await stores.trustedIssuers.lockShared(issuer.id)) === issuer.revision
  }

  /** The sign-ins beyond the limit. A machine has none, and what is over with its only access token does not count. */
  const findIdle = async (stores: Stores, { subjectId, family }: SessionDraft, { clientId }: Asking) =>
    family !== undefined ? stores.sessions.findIdle(subjectId, clientId, sessionLimit - 1, clock.now(), MOST_IDLE) : []

  return (start, { status }, asking) =>
    write(async stores => {
      const { session } = start
      // Sent in this order, and so what is read is read with the locks held.
      const [isIssuer, isOpen, isLive, areRoles, idle] = await Promise.all([
        isIssuerAsRead(stores, start),
        isStillOpen(stores, start, asking),
        isCredentialLive(stores, session),
        areRolesAsRead(stores, start),
        findIdle(stores, session, asking),
      ])
      if (!isIssuer || !isOpen || !isLive || !areRoles) return false
      const { clientId, provenance } = asking
      await ends.endThese(stores, idle, { subjectId: session.subjectId, clientId }, 'session_limit', provenance)
      const { address, forwardedBy = null, userAgent } = provenance
      // Of many requests with one credential at once, the first makes the row, and the others find it when they run again.
      if (!(await stores.sessions.insert({ ...session, status, address, forwardedBy, userAgent }))) return false
      await isFirstUse(stores, asking)
      await stores.audit.append(eventOf('user.sign_in', session, asking))
      return true
    })
}
