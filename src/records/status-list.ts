/** Token Status Lists (draft-ietf-oauth-status-list): the indices that access tokens carry, and which of them are revoked. */

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
  readonly previousStatus: UsedStatus | undefined
}

/** The moment at which something is over. */
export interface Moment {
  readonly nowMs: number
  /** An access token that expired before this is accepted by no verifier, however slow its clock. */
  readonly deadMs: number
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
  removeExpired(nowMs: number, limit: number): Promise<number>
}

export interface StatusList {
  readonly id: string
  readonly openedAtMs: number
  /** Entries. */
  readonly size: number
  /** Changes with every revocation and every bit that is cleared. */
  readonly revision: number
}

/** A list as it was read. Both times are by the database's clock, which all instances share. */
export interface SeenStatusList extends StatusList {
  readonly revisedAtMs: number
  readonly readAtMs: number
}

/** What a list has handed out. */
export interface UsedStatusList extends Omit<StatusList, 'revision'> {
  readonly claimedBlocks: number
}

export interface StatusListReader {
  list(): Promise<readonly SeenStatusList[]>
}

/** When a list was opened that takes new sessions: neither too long ago, nor while the clock was ahead. */
export interface OpenedWithin {
  readonly afterMs: number
  readonly untilMs: number
}

export interface StatusListStore extends StatusListReader {
  /** Takes the next block of the open list; undefined when there is none that has one and was opened then. */
  claimBlock(
    blocks: number,
    opened: OpenedWithin,
  ): Promise<{ readonly list: StatusList; readonly block: number } | undefined>
  /** Closes the open list if it has none of these blocks left or was not opened then. */
  close(blocks: number, opened: OpenedWithin): Promise<void>
  /** Closes the open list, whatever it has left. */
  closeOpen(): Promise<void>
  /** The list that was opened last, until then, if it is still there. */
  last(openedUntilMs: number): Promise<UsedStatusList | undefined>
  /** Opens a list, unless another process has just done so. */
  open(list: StatusList & { readonly keepUntilMs: number }): Promise<void>
  /** Removes what no token that is alive points to, and answers how many. */
  removeExpired(nowMs: number): Promise<number>
}
