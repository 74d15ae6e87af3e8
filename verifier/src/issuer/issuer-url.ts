/** What URLs an issuer may have, and what lies under it. */

/** @throws TypeError when it is no issuer identifier (RFC 8414 §2), or one to which plain http would cross a network */
export function assertIssuer(issuer: unknown): asserts issuer is string {
  const url = typeof issuer === 'string' ? parseUrl(issuer) : undefined
  if (url === undefined || !isSafe(url) || /[?#]/.test(url.href) || url.username !== '' || url.password !== '')
    throw new TypeError(
      'issuer must be an https URL without a query or fragment; plain http is for loopback hosts only.',
    )
  // `iss` and the places of status lists are compared byte for byte.
  if (url.href !== issuer && url.href !== `${issuer}/`)
    throw new TypeError('issuer must be in the normal form of URLs: lower-case host, no default port.')
}

/** RFC 8414 §3.1: the well-known part goes between the host and the path. */
export function metadataUri(issuer: string): string {
  const { origin, pathname } = new URL(issuer)
  return `${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, '')}`
}

/** Whether what the metadata names may be fetched. */
export function isSafeUri(uri: unknown): uri is string {
  const url = typeof uri === 'string' ? parseUrl(uri) : undefined
  return url !== undefined && isSafe(url)
}

/** A URI that reads the same once its dots and escapes are resolved, so that none leads out of the issuer again. */
export function liesUnder(issuer: string, uri: string): boolean {
  const base = issuer.endsWith('/') ? issuer : `${issuer}/`
  return uri.startsWith(base) && !uri.includes('#') && parseUrl(uri)?.href === uri
}

// URL.parse is not in Node 20.
const parseUrl = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined)

const isSafe = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && /^(localhost|\[::1\]|127(\.\d+){3})$/.test(hostname))
