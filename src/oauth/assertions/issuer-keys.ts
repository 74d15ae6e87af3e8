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

export const createIssuerKeys =
  (keysAt: KeysAt): IssuerKeys =>
  async (issuer, suffices) => {
    const location = locationOf(issuer)
    if (location !== undefined) return (await keysAt(location, suffices)).keys
    return issuer.keySource.kind === 'jwks' ? issuer.keySource.keys : []
  }
