/** Keys where others publish them: read through the one way to fetch from elsewhere. */
import type { KeyLocation } from '../../records/fetched-keys.ts'
import { type KeySet, readKeySet } from '../../records/key-set.ts'
import { isObject, type Jwk } from '../../records/public-key.ts'

/** Answers the whole document. @throws Error that says why it can't be had */
export type Fetch = (uri: string) => Promise<Uint8Array>

async function fetchJson(fetch: Fetch, uri: string): Promise<Jwk> {
  const bytes = await fetch(uri)
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (isObject(value)) return value
  } catch {
    // Said below: what a parser says repeats what it read.
  }
  throw new Error('It is no JSON object.')
}

/** OpenID Connect Discovery §4.1: of a URL that ends with a slash, that slash is left out. */
const discoveryUri = (url: string): string => `${url.replace(/\/$/, '')}/.well-known/openid-configuration`

async function discover(fetch: Fetch, url: string): Promise<string> {
  const { issuer, jwks_uri: jwksUri } = await fetchJson(fetch, discoveryUri(url))
  if (issuer !== url) throw new Error('Its discovery document is that of another issuer: compare the two URLs.')
  if (typeof jwksUri !== 'string') throw new Error('Its discovery document has no jwks_uri.')
  return jwksUri
}

/** @throws Error that says why there are none */
export async function readPublishedKeys(fetch: Fetch, { kind, uri }: KeyLocation): Promise<KeySet> {
  const where = kind === 'discovery' ? await discover(fetch, uri) : uri
  return readKeySet(await fetchJson(fetch, where), kind === 'bundle' ? 'jwt-svid' : 'sig')
}
