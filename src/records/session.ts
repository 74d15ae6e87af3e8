/**
 * Sessions: the rows that access tokens hang on. One is a sign-in on one device, with its refresh token family, or what a machine does
 * with one credential through one client.
 */
import type { Role } from './role.ts'
import type { Status } from './standing.ts'
import type { HeldStatus, Moment, SessionStatus, StatusReference } from './status-list.ts'

/** A refresh token family is one row, however often it rotates; a sign-in has one if the client may refresh, and a machine has none. */
export interface Session {
  readonly id: string
  /** Whom its tokens speak of: a user, or the internal id of a client. */
  readonly subjectId: string
  readonly clientId: string
  /** The credential that asks for the tokens; null for a sign-in. */
  readonly credentialId: string | null
  /** What the sign-in was granted. */
  readonly scope: readonly string[]
  /** What the sign-in could ask for, the default first. */
  readonly audiences: readonly string[]
  readonly authTimeSeconds: number
  readonly absoluteExpiresAtMs: number
}

export interface NewSession extends Session {
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly family: { readonly handleHash: string; readonly currentHash: string } | undefined
  readonly status: SessionStatus
  readonly address: string | null
  /** The address of the client that forwarded `address`; null when nobody did. */
  readonly forwardedBy: string | null
  readonly userAgent: string | null
}

export interface StoredSession extends Session {
  /** Whether it has a refresh token family; a sign-in without one is over with its only access token. */
  readonly canRefresh: boolean
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly endedAtMs: number | null
  /** Where the sign-in or the last refresh came from. */
  readonly address: string | null
  /** Raised by whatever changes the status index; what leaves it alone raises none. */
  readonly revision: number
  readonly held: HeldStatus
  /** When the index was last taken because an access token was revoked. */
  readonly takenAtMs: number | null
}

export interface RefreshFamily extends StoredSession {
  readonly currentHash: string
  readonly previousHash: string | null
  readonly salt: string | null
  /** Milliseconds since the last rotation by the database's clock where it has one, else by ours. */
  readonly rotatedAgoMs: number | null
  readonly subjectStatus: Status
  /** Read with the row or after it, never before: who takes a role away raises the revision, which is then noticed. */
  readonly subjectRoles: readonly Role[]
}

/** What was read, and must still be so when a token is released: the row, what it belongs to, and that user and client stand. */
export interface AsRead {
  readonly sessionId: string
  readonly revision: number
  readonly subjectId: string
  readonly clientId: string
  readonly clientRevision: number
  /** Where the subject is a client; null for a user, who has to be active. */
  readonly subjectRevision: number | null
  /** Of a refresh token that is presented again: it must still be the one before the current one. */
  readonly previousHash?: string
  readonly nowMs: number
}

/** What a refresh writes. */
export interface Rotation {
  /** The generation that was presented. */
  readonly currentHash: string
  readonly nextHash: string
  readonly salt: string
  readonly expiresAtMs: number
  readonly absoluteExpiresAtMs: number
  readonly address: string | null
  readonly userAgent: string | null
}

/** A session as its user and the operators see it. */
export interface ListedSession {
  readonly id: string
  readonly userId: string
  readonly username: string
  /** The `client_id` of RFC 6749 §2.2. */
  readonly clientId: string
  readonly createdAtMs: number
  readonly lastUsedAtMs: number
  readonly expiresAtMs: number
  readonly address: string | null
  /** The address of the client that forwarded `address`; null when nobody did. */
  readonly forwardedBy: string | null
  readonly userAgent: string | null
}

/** Every condition that is given holds; `clientId` is the internal id. */
export interface SessionFilter {
  readonly sessionId?: string | undefined
  readonly exceptSessionId?: string | undefined
  readonly subjectId?: string | undefined
  readonly clientId?: string | undefined
  readonly exceptClientId?: string | undefined
  readonly credentialId?: string | undefined
  /** None of a machine. */
  readonly signInsOnly?: boolean | undefined
  /** Those with a refresh token: not a sign-in that is over with its only access token. */
  readonly refreshableOnly?: boolean | undefined
  /** The index of its tokens, now or before the last move. */
  readonly holds?: StatusReference | undefined
}

/** Which sessions an act reaches: those of everybody who has a role, or of some credentials, too. */
export interface SessionReach extends SessionFilter {
  readonly roleName?: string | undefined
  readonly credentialIds?: readonly string[] | undefined
}

/** What of them is alive. */
export interface AliveSessions {
  readonly signIns: number
  /** Those of them with a live access token. */
  readonly signInsWithToken: number
  /** What machines hold, each by one credential through one client, with an access token that may be alive. */
  readonly machines: number
}

/** Sessions that were ended, or whose index was taken. */
export interface ChangedSessions {
  /** In order. */
  readonly ids: readonly string[]
  /** What the rows held. */
  readonly held: readonly HeldStatus[]
}

/** Which of the sessions that have not ended one write changes. */
export interface Batch {
  /** The id after which it begins. */
  readonly afterId: string
  readonly limit: number
}

export interface SessionReader {
  find(sessionId: string): Promise<StoredSession | undefined>
  /** Of a refresh token family, for whom its user does not matter. */
  findByHandle(handleHash: string): Promise<StoredSession | undefined>
  findFamily(handleHash: string): Promise<RefreshFamily | undefined>
  /** That of a machine which has not ended: there is at most one. */
  findByCredential(credentialId: string, clientId: string): Promise<StoredSession | undefined>
  /** That of this subject which has not ended and holds the index, now or before the last move. */
  findHolder(subjectId: string, reference: StatusReference): Promise<StoredSession | undefined>
  isAsRead(asRead: AsRead): Promise<boolean>
  /** Whether one of them has not ended. */
  hasOpen(filter: SessionFilter, afterId: string): Promise<boolean>
  /** The sign-ins that are alive: the `limit` that were started last, the one used last first. */
  list(filter: SessionFilter, nowMs: number, limit: number): Promise<readonly ListedSession[]>
  /** The same in the order of their start, the last one first, behind the session with this id: each is on one page, whatever is used meanwhile. */
  page(
    filter: SessionFilter,
    nowMs: number,
    afterId: string | undefined,
    limit: number,
  ): Promise<readonly ListedSession[]>
  /**
   * Looks at `limit` sessions in the order of their ids, and answers which of them are over, with no access token that a verifier
   * could still accept, and where to go on; undefined at the end.
   */
  findExpired(
    afterId: string,
    limit: number,
    moment: Moment,
  ): Promise<{ readonly ids: readonly string[]; readonly next: string | undefined }>

  /** Looks no further than at `most` that are alive. */
  countAlive(reach: SessionReach, nowMs: number, most: number): Promise<AliveSessions>
  /** Those that have not ended, expired ones, too: as many as there are, or `most`. */
  countOpen(most: number): Promise<number>
  /** Sessions with a live access token that were used last in this span of time: as many as there are, or `most`. */
  countLive(usedFromMs: number, usedBeforeMs: number, nowMs: number, most: number): Promise<number>
}

export interface SessionStore extends SessionReader {
  /** False when its credential has a session through this client that has not ended. */
  insert(session: NewSession): Promise<boolean>
  /**
   * Puts the next generation in the place of the current one; false when something is no longer as it was read.
   * @param isFresh whether the status index is another than the row's
   */
  rotate(asRead: AsRead, rotation: Rotation, status: SessionStatus, isFresh: boolean): Promise<boolean>
  /** The row goes on with a token of this status; false when something is no longer as it was read. */
  extend(asRead: AsRead, status: SessionStatus, isFresh: boolean): Promise<boolean>
  /** Of the sign-ins with a refresh token of this user through this client, the ids of all but the `keep` that were used last: the `limit` idlest, in order. */
  findIdle(userId: string, clientId: string, keep: number, nowMs: number, limit: number): Promise<readonly string[]>
  /** Ends some of those that have not ended. */
  end(filter: SessionFilter, batch: Batch, reason: string, nowMs: number): Promise<ChangedSessions>
  /**
   * Takes the index of some of those that have not ended, and raises their revision, whether they hold one or not.
   * @param takenAtMs when it is because of an access token
   */
  take(filter: SessionFilter, batch: Batch, takenAtMs?: number): Promise<ChangedSessions>
  /** Removes those of `ids` that are over. */
  removeExpired(ids: readonly string[], moment: Moment): Promise<number>
}
