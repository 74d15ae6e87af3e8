/** What a client proves itself with: rows of their own, so that each can be added, removed and told of by itself. */

export type CredentialKind = 'client_secret'

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

/** Whoever adds or removes one raises the revision of its owner in the same write. */
export interface CredentialStore {
  /** @param ownerId internal id of the client */
  insert(ownerId: string, kind: CredentialKind, credential: Credential): Promise<void>
  /** It never works again; the row stays for those who look back. */
  revoke(id: string, nowMs: number): Promise<void>
  /** Raises no revision: nothing depends on it. */
  setLastUsed(id: string, nowMs: number): Promise<void>
}
