/** Seals of the audit, and the keys that sign them. */
import type { JWK } from 'jose'

/** A key for seals. It is never in the JWKS; whoever holds the public half can check what it signed. */
export interface AuditKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string
  /** Public members only: Ed25519 (RFC 8037 §2). */
  readonly publicJwk: JWK
  /** The number of the first seal that it signs. */
  readonly firstSeal: number
  readonly createdAtMs: number
  /** Of this key by the one before, base64url; null of the first, and when the one before was lost. */
  readonly signature: string | null
}

/** Covers rows of the audit and the seal before. */
export interface AuditSeal {
  /** 1, 2, 3 … */
  readonly number: number
  /** Rows. */
  readonly count: number
  /** SHA-256, base64url. */
  readonly digest: string
  readonly sealedAtMs: number
  readonly kid: string
  /** Ed25519, base64url. */
  readonly signature: string
}

/** What a running service has of an audit key. */
export interface AuditSigner {
  readonly kid: string
  sign(data: Buffer): Buffer
  /** A secret of 256 bits for another purpose, the same at every instance (HKDF, RFC 5869). */
  secretFor(purpose: string): Buffer
}

export interface AuditSealReader {
  /** In the order in which they were made. */
  keys(): Promise<readonly AuditKey[]>
  last(): Promise<AuditSeal | undefined>
}

export interface AuditSealStore extends AuditSealReader {
  /** False when another key signs from this seal on already. */
  insertKey(key: AuditKey): Promise<boolean>
}
