/** The tables of the audit. */

/** Append-only, but for the number of the seal and what is older than the retention. */
export interface AuditEventsTable {
  id: string
  type: string
  occurred_at_ms: number
  outcome: 'success' | 'failure'
  reason: string | null
  actor: string
  user_id: string | null
  client_id: string | null
  session_id: string | null
  target: string | null
  address: string | null
  user_agent: string | null
  request_id: string | null
  /** How many events the row stands for. */
  count: number
  /** The keyed hash of a name that no user has. */
  name_hash: string | null
  /** JSON: what there is to say beside the reason. */
  details: string | null
  /** The number of the seal that covers the row; null until there is one. */
  seal: number | null
}

/** Each covers its rows and the seal before. */
export interface AuditSealsTable {
  /** 1, 2, 3 … */
  number: number
  /** How the columns of the rows are hashed. */
  encoding: number
  /** Rows. */
  count: number
  /** SHA-256, base64url. */
  digest: string
  sealed_at_ms: number
  /** The audit key that signed. */
  kid: string
  /** Ed25519, base64url. */
  signature: string
}

/** The keys of seals, one after the other. */
export interface AuditKeysTable {
  /** 1, 2, 3 … */
  number: number
  /** The number of the first seal that this key signs. */
  first_seal: number
  kid: string
  /** JSON. */
  public_jwk: string
  created_at_ms: number
  /** Of this key by the one before; null of the first, and when the one before was lost. */
  signature: string | null
}
