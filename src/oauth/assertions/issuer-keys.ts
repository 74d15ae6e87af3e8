/** The keys of a trusted issuer, wherever they are. */
import type { KeyLocation } from '../../records/fetched-keys.ts'
import type { PublicJwk } from '../../records/public-key.ts'
import type { TrustedIssuer } from '../../records/trusted-issuer.ts'
import type { KeysAt } from './fetched-keys.ts'

/** Undefined: they are kept in the database. */
export function locationOf({
  keySource,
  url,
  trustDomain,
}: Pick<TrustedIssuer, 'keySource' | 'url' | 'trustDomain'>): KeyLocation | undefined {
  if (keySource.kind === 'jwks') return undefined
  if (keySource.kind === 'discovery') return { kind: 'discovery', uri: url ?? '' }
  // What a trust domain publishes for JWT-SVIDs at an OpenID Connect provider is an ordinary JWK Set.
  return { kind: keySource.kind === 'bundle_uri' && trustDomain !== null ? 'bundle' : 'jwks', uri: keySource.uri }
}

/** @param suffices as for KeysAt */
export type IssuerKeys = (
  issuer: TrustedIssuer,
  suffices: (keys: readonly PublicJwk[]) => boolean,
) => Promise<readonly PublicJwk[]>

const MOST_KEPT = 1000

export function createIssuerKeys(keysAt: KeysAt): IssuerKeys {
  /** Those of files, as they were read: whoever reads them anew parses each key again. */
  const kept = new Map<string, Pick<TrustedIssuer, 'revision'> & { readonly keys: readonly PublicJwk[] }>()

  function keysInDatabase({ id, revision, keySource }: TrustedIssuer): readonly PublicJwk[] {
    const known = kept.get(id)
    if (known?.revision === revision) return known.keys
    const keys = keySource.kind === 'jwks' ? keySource.keys : []
    if (kept.size >= MOST_KEPT) kept.clear()
    kept.set(id, { revision, keys })
    return keys
  }

  return async (issuer, suffices) => {
    const location = locationOf(issuer)
    return location === undefined ? keysInDatabase(issuer) : (await keysAt(location, suffices)).keys
  }
}
