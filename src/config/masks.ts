/** What may be shown of values that hold secrets. They were accepted before. */

const MASK = '***'

/** A database URL without its password, wherever a PostgreSQL URL may have one. */
export function maskDatabase(text: string): string {
  const [, scheme = '', login, rest = ''] = /^(postgres(?:ql)?:\/\/)(?:([^/?#]*)@)?(.*)$/s.exec(text) ?? []
  if (scheme === '') return text
  // In a password that was not percent-encoded a slash or a question mark ends the host, and the rest of it lies behind.
  if (rest.includes('@')) return `${scheme}${MASK}`
  const shown = rest.replace(/(?<=[?&])([^=&]*)=[^&]*/g, (pair, name) =>
    /password/i.test(decodeURIComponent(name)) ? `${name}=${MASK}` : pair,
  )
  return `${scheme}${login === undefined ? '' : `${login.replace(/:.+/s, `:${MASK}`)}@`}${shown}`
}

/** Of a key, that it is set. */
export const maskKey256 = (text: string): string => (text === 'none' ? text : MASK)
