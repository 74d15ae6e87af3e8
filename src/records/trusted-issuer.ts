/** Trusted issuers: those whose tokens may prove that a workload is a client (RFC 7521 §4.2, RFC 7523 §3). */
import type { PublicJwk } from './public-key.ts'

/** Where its keys are. */
export type IssuerKeySource =
  /** Its discovery document says it (OpenID Connect Discovery §4). */
  | { readonly kind: 'discovery' }
  | { readonly kind: 'jwks_uri'; readonly uri: string }
  /** A SPIFFE bundle endpoint with the https_web profile. */
  | { readonly kind: 'bundle_uri'; readonly uri: string }
  /** As they were in the file that the operator gave. */
  | { readonly kind: 'jwks'; readonly keys: readonly PublicJwk[] }

/** Of an issuer that is said nothing else of. */
export const DEFAULT_MAX_LIFETIME_SECONDS = 3600

/** What an operator may set of an issuer. */
export interface IssuerSettings {
  /** The `iss` of its tokens, byte for byte; null of a trust domain whose tokens need have none. */
  readonly url: string | null
  /** Of SPIFFE: its tokens speak of `spiffe://<trust domain>/…`. */
  readonly trustDomain: string | null
  readonly keySource: IssuerKeySource
  /** The `aud` of its tokens; null: our own issuer identifier. */
  readonly audience: string | null
  /** From `iat` to `exp`. */
  readonly maxLifetimeSeconds: number
  /** Whether many tenants have tokens of it, so that a condition must say whose. */
  readonly isShared: boolean
}

export interface TrustedIssuer extends IssuerSettings {
  /** `issuer_…`, never reused. */
  readonly id: string
  readonly name: string
  readonly createdAtMs: number
  /** Raised by every change. */
  readonly revision: number
}

export interface TrustedIssuerReader {
  find(name: string): Promise<TrustedIssuer | undefined>
  /** In the order of their names. */
  list(): Promise<readonly TrustedIssuer[]>
  /** Those of these ids. */
  findSome(ids: readonly string[]): Promise<readonly TrustedIssuer[]>
}

export interface TrustedIssuerStore extends TrustedIssuerReader {
  /** The same, locked against change until the transaction ends, and for itself alone. */
  lock(name: string): Promise<TrustedIssuer | undefined>
  /** Its revision, locked against change until the transaction ends; undefined when it was removed. */
  lockShared(id: string): Promise<number | undefined>
  /** False when the name is taken. */
  insert(issuer: TrustedIssuer): Promise<boolean>
  /** Raises the revision. */
  update(id: string, settings: IssuerSettings): Promise<void>
  remove(id: string): Promise<void>
}
