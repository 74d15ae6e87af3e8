/** Public keys with which a client signs what it proves itself with (private_key_jwt, RFC 7523 §2.2). */
import type { PublicJwk } from './public-key.ts'

/** A key that was registered, or where the client publishes its keys (RFC 7591 §2 `jwks_uri`). */
export type ClientKeySource = { readonly jwk: PublicJwk } | { readonly jwksUri: string }

export interface ClientKey {
  readonly id: string
  readonly source: ClientKeySource
  readonly createdAtMs: number
  /** To the hour; null before the first use. */
  readonly lastUsedAtMs: number | null
}
