/**
 * An audience is a name or a URI (RFC 7519 §4.1.3: StringOrURI), and the resource that a request names is a URI (RFC 8707 §2). One
 * resource can be spelled in several ways; RFC 3986 §6.2.2 and §6.2.3 say which are the same. What has no authority, as a URN, has one
 * spelling.
 */

/** Whether it is a name, as brokers and orchestrators have it: `rabbitmq`, `kubernetes`. A URI has a colon. */
export const isAudienceName = (audience: string): boolean => /^[\x21-\x39\x3B-\x7E]{1,255}$/.test(audience)

const UNRESERVED = /[A-Za-z0-9._~-]/
const defaultPorts: Readonly<Record<string, string>> = { http: '80', https: '443' }

/** §6.2.2.1, §6.2.2.2 */
const withNormalOctets = (text: string): string =>
  text.replace(/%([0-9A-Fa-f]{2})/g, (octet, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return UNRESERVED.test(character) ? character : octet.toUpperCase()
  })

/** §5.2.4, of a path that begins with a slash or is empty. */
function withoutDotSegments(path: string): string {
  const kept: string[] = []
  const segments = path.split('/').slice(1)
  for (const [index, segment] of segments.entries()) {
    const isDots = segment === '.' || segment === '..'
    if (segment === '..') kept.pop()
    if (!isDots) kept.push(segment)
    else if (index === segments.length - 1) kept.push('')
  }
  return `/${kept.join('/')}`
}

function normal(uri: string): string {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/?#@]*@)?([^/?#@]*?)(?::(\d*))?(\/[^?#]*)?(\?[^#]*)?$/i.exec(uri)
  if (parts === null) return uri
  const [, scheme = '', userinfo = '', host = '', port = '', path = '', query = ''] = parts
  const protocol = scheme.toLowerCase()
  const name = withNormalOctets(host).replace(/%..|[A-Z]/g, part => (part.length === 1 ? part.toLowerCase() : part))
  const place = port === '' || port === defaultPorts[protocol] ? name : `${name}:${port}`
  return `${protocol}://${withNormalOctets(userinfo)}${place}${withoutDotSegments(withNormalOctets(path))}${withNormalOctets(query)}`
}

/** Whether both name one resource, however they are spelled. */
export const isSameAudience = (one: string, other: string): boolean => one === other || normal(one) === normal(other)

/** That of the list which is this one, as the list spells it. */
export const findAudience = (among: readonly string[], audience: string): string | undefined =>
  among.find(each => each === audience) ?? among.find(each => isSameAudience(each, audience))

/** Whether one of them is there in a second spelling. */
export const isSpelledTwice = (audiences: readonly string[]): boolean => {
  const spellings = [...new Set(audiences)]
  return new Set(spellings.map(normal)).size < spellings.length
}
