/** Keys as they were fetched from where others publish them: for all instances, and over an outage of theirs. */
import type { PublicJwk } from './public-key.ts'

/** In which form keys are published: a JWK Set, a discovery document that leads to one, or a SPIFFE bundle. */
export interface KeyLocation {
  readonly kind: 'jwks' | 'discovery' | 'bundle'
  /** Of a discovery document the issuer's URL. */
  readonly uri: string
}

export interface KeyLeftOut {
  /** Undefined when it has none that can be shown. */
  readonly kid?: string | undefined
  readonly problem: string
}

export interface FetchedKeys {
  readonly keys: readonly PublicJwk[]
  readonly leftOut: readonly KeyLeftOut[]
  /** When they were fetched; undefined: never. */
  readonly fetchedAtMs: number | undefined
  /** When that failed last, since then. */
  readonly failure: { readonly atMs: number; readonly message: string } | undefined
}

export interface FetchedKeysReader {
  find(location: KeyLocation): Promise<FetchedKeys | undefined>
}

export interface FetchedKeysStore extends FetchedKeysReader {
  put(location: KeyLocation, fetched: FetchedKeys): Promise<void>
  /** Beside the keys, whoever has fetched them meanwhile. */
  putFailure(location: KeyLocation, failure: NonNullable<FetchedKeys['failure']>): Promise<void>
  /** Removes at most `limit` of those that nobody has fetched since this, and answers how many. */
  removeUnused(beforeMs: number, limit: number): Promise<number>
}
