/** URLs that may be asked, or named to others as a place to ask: https, or plain http where it crosses no network. */

// URL.parse is not in Node 20.
export const parseUrl = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined)

export const isSafe = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && /^(localhost|\[::1\]|127(\.\d+){3})$/.test(hostname))

export function isSafeUri(uri: unknown): uri is string {
  const url = typeof uri === 'string' ? parseUrl(uri) : undefined
  return url !== undefined && isSafe(url)
}

/** http or https, with no query, no fragment and no user. */
export const isPlain = ({ protocol, href, username, password }: URL): boolean =>
  /^https?:$/.test(protocol) && !/[?#]/.test(href) && username === '' && password === ''

/**
 * Who is named by a URL: it has no query, no fragment and no user, and stands as URLs are normally written, because it is compared
 * byte for byte.
 * @param name of the option, for the error
 * @throws TypeError
 */
export function assertIdentifier(value: unknown, name: string): asserts value is string {
  const url = typeof value === 'string' ? parseUrl(value) : undefined
  if (url === undefined || !isSafe(url) || !isPlain(url))
    throw new TypeError(
      `${name} must be an https URL without a query or fragment; plain http is for loopback hosts only.`,
    )
  if (url.href !== value && url.href !== `${value}/`)
    throw new TypeError(`${name} must be in the normal form of URLs: lower-case host, no default port.`)
}
