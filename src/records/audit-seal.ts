/** Seals of the audit, and the keys that sign them. */
import type { JWK } from 'jose'

/** A key for seals. It is never in the JWKS; whoever holds the public half can check what it signed. */
export interface AuditKey {
  /** 1, 2, 3 … */
  readonly number: number
  /** RFC 7638 thumbprint. */
  readonly kid: string
  /** Public members only: Ed25519 (RFC 8037 §2). */
  readonly publicJwk: JWK
  /** The number of the first seal that it signs. One that was replaced before it signed any has the number of its successor. */
  readonly firstSeal: number
  readonly createdAtMs: number
  /** Of this key by the one before, base64url; null of the first, and when the one before was lost. */
  readonly signature: string | null
}

/** Covers rows of the audit and the seal before. */
export interface AuditSeal {
  /** 1, 2, 3 … */
  readonly number: number
  /** How the columns of the rows are hashed (../audit/encoding.ts). */
  readonly encoding: number
  /** Rows. */
  readonly count: number
  /** SHA-256, base64url. */
  readonly digest: string
  readonly sealedAtMs: number
  readonly kid: string
  /** Ed25519, base64url. */
  readonly signature: string
}

/** An event as it is stored: every column. */
export interface AuditRow {
  readonly id: string
  readonly type: string
  readonly occurredAtMs: number
  readonly outcome: string
  readonly reason: string | null
  readonly actor: string
  readonly userId: string | null
  /** The internal id (`client_…`). */
  readonly clientId: string | null
  readonly sessionId: string | null
  readonly target: string | null
  readonly address: string | null
  readonly userAgent: string | null
  readonly requestId: string | null
  readonly count: number
  readonly nameHash: string | null
  /** JSON: what there is to say beside the reason; null for most. */
  readonly details: string | null
  /** The number of the seal that covers the row; null until there is one. */
  readonly seal: number | null
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
  /** In their order, those after this number, or from the beginning. */
  seals(afterNumber: number | undefined, limit: number): Promise<readonly AuditSeal[]>
  /** Rows that are in no seal yet, by their ids. */
  unsealed(afterId: string, limit: number): Promise<readonly AuditRow[]>
  /** Rows whose seal has a number after this one, if it is given, up to and with that one if it is given, by seal and id. */
  sealed(afterNumber: number | undefined, toNumber: number | undefined, limit: number): Promise<readonly AuditRow[]>
}

export interface AuditSealStore extends AuditSealReader {
  /** False when another key was made meanwhile. */
  insertKey(key: AuditKey): Promise<boolean>
  /** The newest key, which stays the newest until the end of this write. */
  lockNewestKey(): Promise<AuditKey | undefined>
  /** Gives rows that are in no seal yet to this one, and answers how many that were. */
  claim(ids: readonly string[], number: number): Promise<number>
  /** False when there is a seal with this number already. */
  insert(seal: AuditSeal): Promise<boolean>
  /**
   * Removes the rows of these seals, and the seals but the last one.
   * @returns how many rows that were
   */
  removeUpTo(number: number): Promise<number>
}
