/** What clients prove themselves with and owners exchange: rows of their own, so that each can be added, removed and told of by itself. */

export type CredentialKind = 'client_secret' | 'api_key'

export interface Credential {
  readonly id: string
  readonly name: string | null
  /** SHA-256, base64url: the secret is long and random, a slow hash would protect nothing. */
  readonly hash: string
  readonly createdAtMs: number
  readonly expiresAtMs: number | null
  /** To the hour; null before the first use. */
  readonly lastUsedAtMs: number | null
}

/** A credential that works, as it is told of to operators. */
export interface LiveCredential extends Pick<Credential, 'id' | 'name' | 'createdAtMs' | 'expiresAtMs'> {
  readonly kind: CredentialKind
  /** A user, or the internal id of a client. */
  readonly ownerId: string
}

export interface CredentialReader {
  /** Those that work, and end before `beforeMs`: the first to end first, at most `limit`. */
  listExpiring(nowMs: number, beforeMs: number, limit: number): Promise<readonly LiveCredential[]>
  /** Those that work: how many of each kind. */
  countLive(nowMs: number): Promise<Readonly<Partial<Record<CredentialKind, number>>>>
  /** Those that work: the `limit` that were made last, the newest first. */
  listNewest(nowMs: number, limit: number): Promise<readonly LiveCredential[]>
}

/** Whoever adds or removes one of a client raises the revision of its owner in the same write. */
export interface CredentialStore extends CredentialReader {
  /** @param ownerId internal id of the client */
  insert(ownerId: string, kind: 'client_secret', credential: Credential): Promise<void>
  /** It never works again; the row stays for those who look back. */
  revoke(id: string, nowMs: number): Promise<void>
  /** Revokes at most `limit` of those of a kind that work, and answers the owner of each. */
  revokeSome(kind: CredentialKind, limit: number, nowMs: number): Promise<readonly string[]>
  /** Raises no revision: nothing depends on it. */
  setLastUsed(id: string, nowMs: number, address: string | null): Promise<void>
  /** Removes at most `limit` of those that were revoked or expired before this, and answers how many. */
  removeOver(beforeMs: number, limit: number): Promise<number>
}
