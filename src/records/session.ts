/** Sessions: one sign-in on one device, and its refresh token family. */
import type { HeldStatus, Moment, SessionStatus, StatusChange } from './status-list.ts'

/** One sign-in on one device; with a refresh token family (one row, however often it rotates) if the client may refresh. */
export interface Session {
  readonly id: string
  readonly userId: string
  readonly clientId: string
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
  readonly userAgent: string | null
}

export interface StoredSession extends Session {
  /** Whether it has a refresh token family; without one it is over with its only access token. */
  readonly canRefresh: boolean
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly endedAtMs: number | null
  readonly held: HeldStatus
}

export interface RefreshFamily extends StoredSession {
  readonly currentHash: string
  readonly previousHash: string | null
  readonly salt: string | null
  /** Milliseconds since the last rotation by the database's clock where it has one, else by ours. */
  readonly rotatedAgoMs: number | null
}

export interface Rotation {
  readonly handleHash: string
  readonly currentHash: string
  readonly clientId: string
  readonly nextHash: string
  readonly salt: string
  readonly nowMs: number
  readonly expiresAtMs: number
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
  readonly userAgent: string | null
}

/** Every condition that is given holds, and at least one is; `clientId` is the internal id. */
export interface SessionFilter {
  /** Has to be said. */
  readonly all?: true | undefined
  readonly sessionId?: string | undefined
  readonly exceptSessionId?: string | undefined
  readonly userId?: string | undefined
  readonly clientId?: string | undefined
}

export interface SessionReader {
  find(sessionId: string): Promise<StoredSession | undefined>
  findByHandleHash(handleHash: string): Promise<RefreshFamily | undefined>
  /** Those that are alive, the one used last first. */
  list(filter: SessionFilter, nowMs: number): Promise<readonly ListedSession[]>
  /**
   * Looks at `limit` sessions in the order of their ids, and answers which of them are over, with no access token that a verifier
   * could still accept, and where to go on; undefined at the end.
   */
  findExpired(
    afterId: string,
    limit: number,
    moment: Moment,
  ): Promise<{ readonly ids: readonly string[]; readonly next: string | undefined }>

  /** Sessions with a live access token that were used last in this span of time. */
  countLive(usedFromMs: number, usedBeforeMs: number, nowMs: number): Promise<number>
  /** Disabled and deleted clients (internal ids) that have sessions which did not end, and the reason why they should. */
  findLeftOver(): Promise<readonly { readonly clientId: string; readonly reason: string }[]>
}

export interface SessionStore extends SessionReader {
  insert(session: NewSession): Promise<void>
  /** Puts the next generation in the place of the current one; false when the row is no longer as it was read. */
  rotate(rotation: Rotation, status: StatusChange): Promise<boolean>
  /** Changes the index only; false when the row's is no longer as it was read. */
  setStatus(sessionId: string, status: StatusChange): Promise<boolean>
  /** Of the sessions of this user through this client, the ids of all but the `keep` that were used last: the `limit` idlest. */
  findIdle(userId: string, clientId: string, keep: number, nowMs: number, limit: number): Promise<readonly string[]>
  /** Ends at most `limit` of those that have not ended, and answers what their rows hold. */
  end(filter: SessionFilter, reason: string, nowMs: number, limit: number): Promise<readonly HeldStatus[]>
  /** Takes the index away from those that have not ended, and answers what their rows held. */
  takeStatus(filter: SessionFilter): Promise<readonly HeldStatus[]>
  /** Removes those of `ids` that are over. */
  removeExpired(ids: readonly string[], moment: Moment): Promise<number>
}
