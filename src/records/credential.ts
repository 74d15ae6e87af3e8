import type { ClientKey } from './client-key.ts'
import type { ClientTrust, NewClientTrust } from './client-trust.ts'

/** What clients prove themselves with and owners exchange: rows of their own, so that each can be added, removed and told of by itself. */

export const credentialKinds = ['client_secret', 'client_key', 'client_trust', 'api_key'] as const
export type CredentialKind = (typeof credentialKinds)[number]

/** Those of which a client has its own. */
export const ownKinds = ['client_secret', 'client_key', 'client_trust'] as const

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

/** A credential that is neither revoked nor expired, and whose owner is not deleted, as it is told of to operators. */
export interface LiveCredential extends Pick<Credential, 'id' | 'name' | 'createdAtMs' | 'expiresAtMs'> {
  readonly kind: CredentialKind
  /** A user, or the internal id of a client. */
  readonly ownerId: string
  /** What the owner is called: one of the two. */
  readonly username: string | null
  /** The `client_id` of RFC 6749 §2.2. */
  readonly clientId: string | null
}

/** How many of each kind. */
export type CredentialCounts = Readonly<Record<CredentialKind, number>>

export interface CredentialReader {
  /** Those that live, and end before `beforeMs`: the first to end first, at most `limit`. */
  listExpiring(nowMs: number, beforeMs: number, limit: number): Promise<readonly LiveCredential[]>
  /** How many live: for questions that are seldom asked, as all of them are looked at. */
  countLive(nowMs: number): Promise<CredentialCounts>
  /** Of those that live, the `limit` that were made last, the newest first. */
  listNewest(nowMs: number, limit: number): Promise<readonly LiveCredential[]>
  /** Those that live, in the order of their ids, at most `limit`. @param afterId the id after which it begins */
  listLive(nowMs: number, afterId: string, limit: number): Promise<readonly LiveCredential[]>
}

/** With what its client is called. */
export interface TrustOfClient extends Pick<ClientTrust, 'id' | 'conditions'> {
  /** The `client_id` of RFC 6749 §2.2. */
  readonly clientId: string
}

/** Whoever adds or removes one of a client raises the revision of its owner in the same write. */
export interface CredentialStore extends CredentialReader {
  /** @param ownerId internal id of the client */
  insert(ownerId: string, kind: 'client_secret', credential: Credential): Promise<void>
  insertKey(ownerId: string, key: ClientKey): Promise<void>
  insertTrust(ownerId: string, trust: NewClientTrust): Promise<void>
  /** The trusts in the issuer that were not revoked, of clients that are not deleted. */
  trustsIn(issuerId: string): Promise<readonly TrustOfClient[]>
  /** The first trust in the issuer, after this one, that was not revoked. */
  nextTrustIn(issuerId: string, afterId: string): Promise<{ readonly id: string; readonly ownerId: string } | undefined>
  /** It never works again; the row stays for those who look back. */
  revoke(id: string, nowMs: number): Promise<void>
  /** Revokes those of `ids` that are not revoked, and answers which they are. */
  revokeSome(ids: readonly string[], nowMs: number): Promise<readonly string[]>
  /** Raises no revision: nothing depends on it. */
  setLastUsed(id: string, nowMs: number, address: string | null): Promise<void>
  /** Removes at most `limit` of those that were revoked or expired before this, and answers how many. */
  removeOver(beforeMs: number, limit: number): Promise<number>
}
