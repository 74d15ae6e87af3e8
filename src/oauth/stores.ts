/** Every storage interface that the protocol needs, and the records it reads. */

export interface Client {
  /** Internal id, `client_…`, never reused. */
  readonly id: string
  /** The `client_id` of RFC 6749 §2.2. */
  readonly clientId: string
  readonly status: 'active' | 'disabled' | 'deleted'
  readonly isPublic: boolean
  readonly grants: readonly string[]
  /** Permissions the client may ask for; `*` stands for whatever the user has. */
  readonly scope: readonly string[]
  readonly audiences: readonly string[]
  /** Audiences whose tokens it may introspect. */
  readonly introspect: readonly string[]
  readonly accessTokenTtlSeconds: number | null
  readonly secrets: readonly ClientSecret[]
}

export interface ClientSecret {
  readonly id: string
  /** SHA-256, base64url. */
  readonly hash: string
  readonly expiresAtMs: number | null
}

export interface ClientReader {
  /** The client with this `client_id` that is not deleted. */
  findByClientId(clientId: string): Promise<Client | undefined>
  /** The browser origins that the client with this internal id has registered. */
  originsOf(id: string): Promise<readonly string[]>
  /** Whether any active client registered this browser origin. */
  isRegisteredOrigin(origin: string): Promise<boolean>
}

export interface Role {
  readonly name: string
  readonly permissions: readonly string[]
}

export interface ResourceOwnerReader {
  rolesOf(userId: string): Promise<readonly Role[]>
}

/** An index of a Token Status List: what an access token names as its status. */
export interface StatusReference {
  readonly listId: string
  readonly index: number
}

/** An index that access tokens carry. */
export interface UsedStatus extends StatusReference {
  /** No access token with this index expires later. */
  readonly lastExpiryMs: number
}

/** The index of a session, which all its access tokens share. */
export interface SessionStatus extends UsedStatus {
  /** From then on the next refresh moves the session to a younger list. */
  readonly leaveAtMs: number
}

/** What a session's row holds: the index of its tokens, and the one before the last move. */
export interface HeldStatus {
  /** Undefined after the index was taken away by a revocation: the next refresh gets a fresh one. */
  readonly current: SessionStatus | undefined
  readonly left: UsedStatus | undefined
}

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

/** The row's status as it was read, and what takes its place: the index that the new access token carries. */
export interface StatusChange {
  readonly before: HeldStatus
  readonly after: SessionStatus
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
export interface WhichSessions {
  /** Has to be said. */
  readonly everybodys?: true | undefined
  readonly sessionId?: string | undefined
  readonly exceptSessionId?: string | undefined
  readonly userId?: string | undefined
  readonly clientId?: string | undefined
}

/** The moment at which something is over. */
export interface Moment {
  readonly nowMs: number
  /** An access token that expired before this is accepted by no verifier, however slow its clock. */
  readonly deadMs: number
}

export interface SessionReader {
  find(sessionId: string): Promise<StoredSession | undefined>
  findByHandleHash(handleHash: string): Promise<RefreshFamily | undefined>
  /** Those that are alive, the one used last first. */
  list(which: WhichSessions, nowMs: number): Promise<readonly ListedSession[]>
  /**
   * Looks at `limit` sessions in the order of their ids, and answers which of them are over, with no access token that a verifier
   * could still accept, and where to go on; undefined at the end.
   */
  findOver(
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
  end(which: WhichSessions, reason: string, nowMs: number, limit: number): Promise<readonly HeldStatus[]>
  /** Takes the index away from those that have not ended, and answers what their rows held. */
  takeStatus(which: WhichSessions): Promise<readonly HeldStatus[]>
  /** Removes those of `ids` that are over. */
  removeOver(ids: readonly string[], moment: Moment): Promise<number>
}

export interface Revocation extends StatusReference {
  /** Nobody accepts a token with this index any more: the bit is cleared again. */
  readonly untilMs: number
}

export interface RevocationReader {
  /** The indices of a list whose bit is set, in order: the first `limit` of those after `afterIndex`. */
  listIndices(listId: string, afterIndex: number, limit: number): Promise<readonly number[]>
}

export interface RevocationStore extends RevocationReader {
  add(revocations: readonly Revocation[]): Promise<void>
  /** Removes at most `limit` that are over, and answers how many. */
  removeOver(nowMs: number, limit: number): Promise<number>
}

export interface StatusList {
  readonly id: string
  readonly openedAtMs: number
  /** Changes with every revocation and every bit that is cleared. */
  readonly revision: number
}

export interface StatusListReader {
  list(): Promise<readonly StatusList[]>
}

export interface StatusListStore extends StatusListReader {
  /** Takes the next block of the open list; undefined when there is none that has one and was opened after `openedAfterMs`. */
  claimBlock(
    blocks: number,
    openedAfterMs: number,
  ): Promise<{ readonly list: StatusList; readonly block: number } | undefined>
  /** Closes the open list if it has none of these blocks left or was not opened after `openedAfterMs`, and answers it. */
  close(blocks: number, openedAfterMs: number): Promise<StatusList | undefined>
  /** Opens a list, unless another process has just done so. */
  open(list: StatusList & { readonly keepUntilMs: number }): Promise<void>
  /** Removes what no token that is alive points to, and answers how many. */
  removeOver(nowMs: number): Promise<number>
}
