import type { JWK } from 'jose'

/**
 * `pending` (published, not signing) → `active` → `retiring` (published, verifies) → `retired` (gone from the JWKS);
 * `revoked` from any of them.
 */
export type SigningKeyState = 'pending' | 'active' | 'retiring' | 'retired' | 'revoked'

export interface SigningKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string
  readonly state: SigningKeyState
  /** Public members only. */
  readonly publicJwk: JWK
  readonly createdAtMs: number
  /** The earliest time at which a pending key may start to sign: verifiers have seen it by then. */
  readonly activatesAtMs: number
}

export interface SigningKeyReader {
  list(): Promise<readonly SigningKey[]>
}

export interface SigningKeyStore extends SigningKeyReader {
  /** False when another key is already in that state and there can be only one. */
  insert(key: SigningKey): Promise<boolean>
}
