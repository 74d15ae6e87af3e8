/** API keys: credentials of a user or a client that are exchanged for short access tokens (RFC 8693). */
import type { Credential } from './credential.ts'
import { withChecksum, withoutChecksum } from './opaque-token.ts'
import type { Position } from './position.ts'

export interface ApiKey extends Credential {
  /** A user, or the internal id of a client. */
  readonly ownerId: string
  /** Permissions, of which a token gets what the owner has at the moment. */
  readonly scope: readonly string[]
  /** Resource services its tokens are for; empty: whatever the exchanging client may use. */
  readonly audiences: readonly string[]
  readonly revokedAtMs: number | null
  /** Network address of the last use, as old as `lastUsedAtMs`. */
  readonly lastUsedAddress: string | null
}

/** With what its owner is called: one of the two. */
export interface OwnedApiKey extends ApiKey {
  readonly username: string | null
  /** The `client_id` of RFC 6749 §2.2. */
  readonly clientId: string | null
}

export const apiKeyStatuses = ['active', 'expired', 'revoked'] as const
export type ApiKeyStatus = (typeof apiKeyStatuses)[number]

/** As it is told of to its owner and to operators. */
export interface ListedApiKey extends OwnedApiKey {
  readonly status: ApiKeyStatus
}

export function statusOf(
  { revokedAtMs, expiresAtMs }: Pick<ApiKey, 'revokedAtMs' | 'expiresAtMs'>,
  nowMs: number,
): ApiKeyStatus {
  if (revokedAtMs !== null) return 'revoked'
  return expiresAtMs === null || expiresAtMs > nowMs ? 'active' : 'expired'
}

export interface ApiKeyFilter {
  readonly id?: string | undefined
  readonly ownerId?: string | undefined
}

/** Every condition that is given holds. */
export interface ApiKeySearch {
  /** One of these owns it. */
  readonly ownerIds?: readonly string[] | undefined
  /** At `nowMs`. */
  readonly status?: { readonly is: ApiKeyStatus; readonly nowMs: number } | undefined
}

export interface ApiKeyReader {
  /** Revoked and expired ones, too; locked, inside a write. */
  find(id: string): Promise<ApiKey | undefined>
  /** Every condition that is given holds. The oldest first. */
  list(filter: ApiKeyFilter): Promise<readonly OwnedApiKey[]>
  /** The first `limit` behind this one, in the order of their making. */
  page(search: ApiKeySearch, after: Position | undefined, limit: number): Promise<readonly OwnedApiKey[]>
}

export interface ApiKeyStore extends ApiKeyReader {
  insert(key: ApiKey): Promise<void>
  /** Those that were not revoked never work again; answers their ids. */
  revokeAllOf(ownerId: string, nowMs: number): Promise<readonly string[]>
  /** Removes of those that are over, revoked or expired before `nowMs`, the oldest, so that no more than `most` are left. */
  removeOldest(ownerId: string, most: number, nowMs: number): Promise<void>
}

/** What its owner keeps. */
export interface PresentedApiKey {
  readonly id: string
  /** 256 bits, hexadecimal. */
  readonly secret: string
}

/** An id is `key_` and 128 bits; the key begins with `signet_`, so that secret scanners recognise it. */
export const API_KEY_ID_PREFIX = 'key'
export const isApiKeyId = (credentialId: string): boolean => credentialId.startsWith(`${API_KEY_ID_PREFIX}_`)
const pattern = /^signet_(key_[0-9a-f]{32})_([0-9a-f]{64})$/

export const encodeApiKey = ({ id, secret }: PresentedApiKey): string => withChecksum(`signet_${id}_${secret}`)

/** Undefined for what can't be an API key of ours: wrong form or wrong checksum. */
export function parseApiKey(text: string): PresentedApiKey | undefined {
  const [, id, secret] = pattern.exec(withoutChecksum(text) ?? '') ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}
