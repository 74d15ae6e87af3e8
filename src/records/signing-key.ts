/** Signing keys (RFC 7517), the states of their life, and what signs with them. */
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
  /** When it came into this state, and why. */
  readonly sinceMs: number
  readonly cause: string
  /** Public members only. */
  readonly publicJwk: JWK
  readonly createdAtMs: number
  /** The earliest time at which a pending key may start to sign: verifiers have seen it by then. Of the others, when it did. */
  readonly activatesAtMs: number
  /** When an operator asked that this pending key should sign as soon as it may. */
  readonly rotationAskedAtMs: number | null
  /** When a retiring key leaves the JWKS: the last token that it signed has expired by then. */
  readonly retiresAtMs: number | null
  /** When a service first saw that the time of the state lies ahead of its clock (ahead.ts); null when it does not. */
  readonly seenAheadAtMs: number | null
}

/** One step of a key's life. */
export interface Transition {
  readonly kid: string
  readonly from: SigningKeyState
  readonly to: SigningKeyState
  readonly atMs: number
  readonly cause: string
  readonly retiresAtMs: number | null
}

/** Signs for one key. A key management service would be one more implementation. */
export interface Signer {
  readonly kid: string
  /** RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3) over the JWS signing input. */
  sign(signingInput: Buffer): Promise<Buffer>
}

/** Signing keys that can't be used or changed as they are; the message says what to do, and names the file if one is wrong. */
export class KeyError extends Error {
  override readonly name: string = 'KeyError'
}

export interface SigningKeyReader {
  list(): Promise<readonly SigningKey[]>
}

export interface SigningKeyStore extends SigningKeyReader {
  /** False when another key is already in that state and there can be only one. */
  insert(key: SigningKey): Promise<boolean>
  /** False when the key is not in the state that the step begins with. */
  step(transition: Transition): Promise<boolean>
  /** Remembers that this pending key should sign as soon as it may; false when it is not pending. */
  askRotation(kid: string, atMs: number): Promise<boolean>
  /** Remembers when it was seen that the time of the key's state lies ahead; null: it does no longer. */
  noteAhead(kid: string, seenAtMs: number | null): Promise<void>
}
