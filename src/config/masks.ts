/** What may be shown of values that hold secrets. They were accepted before. */

const MASK = '***'

/** A database URL without its password, wherever a PostgreSQL URL may have one. */
export function maskDatabase(text: string): string {
  const url = URL.parse(text)
  if (text.startsWith('file:') || url === null) return text
  // In a password that was not percent-encoded a slash or a question mark ends the host, and the rest of it lies behind.
  if (/@/.test(url.pathname + url.search)) return `${url.protocol}//${MASK}`
  if (url.password !== '') url.password = MASK
  const secrets = [...url.searchParams.keys()].filter(name => /password/i.test(name))
  for (const name of new Set(secrets)) url.searchParams.set(name, MASK)
  return url.href
}

/** Of a key, that it is set. */
export const maskKey256 = (text: string): string => (text === 'none' ? text : MASK)
