/** Where an issuer is asked: at its own URL, or where `discovery` says, because its name leads nowhere from here. */
import { isSafeUri, parseUrl } from '../safe-url.ts'

export interface Locations {
  readonly metadata: string
  /** What is to be asked, for whoever reads why something is not. */
  readonly kind: string
  /**
   * Where to ask for what the metadata or a token names.
   * @returns undefined for what is not to be asked
   */
  readonly of: (uri: unknown) => string | undefined
}

/** @param discovery takes the place of the issuer's URL wherever something is fetched */
export function locateIssuer(issuer: string, discovery: string | undefined): Locations {
  if (discovery === undefined)
    return { metadata: metadataUri(issuer), kind: 'an https URL', of: uri => (isSafeUri(uri) ? uri : undefined) }
  const base = withSlash(discovery)
  return {
    metadata: metadataUri(discovery),
    kind: 'a URL under the issuer',
    // Whoever answers there must not send the verifier elsewhere.
    of: uri =>
      typeof uri === 'string' && liesUnder(issuer, uri) ? base + uri.slice(withSlash(issuer).length) : undefined,
  }
}

/** A URI that reads the same once its dots and escapes are resolved, so that none leads out of the issuer again. */
export function liesUnder(issuer: string, uri: string): boolean {
  return uri.startsWith(withSlash(issuer)) && !uri.includes('#') && parseUrl(uri)?.href === uri
}

/** RFC 8414 §3.1: the well-known part goes between the host and the path. */
function metadataUri(issuer: string): string {
  const { origin, pathname } = new URL(issuer)
  return `${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, '')}`
}

const withSlash = (url: string): string => (url.endsWith('/') ? url : `${url}/`)
