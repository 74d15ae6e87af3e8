/** Which origins of pages may be entered. A request's `Origin` is compared with them as it stands, so only what a browser can send is taken. */

const general =
  'An origin is a scheme, a host and a port that is not the default one, as a browser sends them: for example https://login.example.com or capacitor://localhost.'

/** RFC 6454 §6.2, and how browsers write a host. Labels that a resolver takes, so that nothing is a pattern in disguise. */
const isWebOrigin = (origin: string): boolean =>
  /^https?:\/\/(\[[0-9a-f:]+\]|([a-z0-9_-]+\.)*[a-z0-9_-]+\.?)(:[0-9]+)?$/.test(origin) &&
  URL.canParse(origin) &&
  new URL(origin).origin === origin

/** Of these a page has no origin of its own. */
const NEVER_AN_ORIGIN = /^(about|blob|data|file|filesystem|ftp|https?|javascript|wss?):/

/**
 * Of an application or a browser extension: a scheme of its own, which has no default port. Safari alone sends a host in capitals, the
 * UUID of an extension.
 */
const isApplicationOrigin = (origin: string): boolean =>
  !NEVER_AN_ORIGIN.test(origin) &&
  (/^[a-z][a-z0-9+.-]*:\/\/[a-z0-9._-]{1,253}(:[1-9][0-9]{0,4})?$/.test(origin) ||
    /^safari-web-extension:\/\/[0-9A-F-]{36}$/.test(origin))

export function originProblem(origin: string): string | undefined {
  if (isWebOrigin(origin) || isApplicationOrigin(origin)) return undefined
  if (origin.includes('*')) return 'An origin is that of one site, and never has a wildcard: give each of them.'
  if (origin === 'null' || origin.startsWith('file:'))
    return 'An origin is never null or file: every file and every sandboxed frame, also of strangers, would have it.'
  return general
}
