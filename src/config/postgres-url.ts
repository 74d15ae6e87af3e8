/** PostgreSQL's connection URIs as libpq reads them (PostgreSQL manual, "Connection URIs"), for a driver that knows not all of their forms. */
import { decodePercent } from './percent.ts'
import { withTls } from './postgres-tls.ts'
import { Refusal } from './variable.ts'

const FORM =
  /^postgres(?:ql)?:\/\/(?:(?<user>[^:/?#]*)(?::(?<password>[^/?#]*))?@)?(?<place>[^/?#]*)(?:\/(?<database>[^?#]*))?(?:\?(?<query>[^#]*))?$/
/** An IPv6 address stands in brackets; of a socket, the folder is percent-encoded. */
const PLACE = /^(?:\[(?<address>[^[\]]+)\]|(?<name>[^:[\]]*))(?::(?<port>\d*))?$/

const NO_URL = 'it is not a URL; special characters in a user name or password must be percent-encoded'
const ONE_HOST = 'it must name one host: behind several, nobody knows which one has what was written'

/** What stands behind the question mark wins over what stands before it; of a name that is there twice, the last one does. */
function readParameters(query: string): Map<string, string> {
  const pairs = query.split('&').filter(pair => pair !== '')
  return new Map(
    pairs.map(pair => {
      const [name = '', ...value] = pair.split('=')
      return [decodePercent(name), decodePercent(value.join('='))]
    }),
  )
}

/** Under libpq's names of them. */
function read(text: string): Map<string, string> {
  const { user = '', password = '', place, database: dbname = '', query = '' } = FORM.exec(text)?.groups ?? {}
  if (place?.includes(',')) throw new Refusal(ONE_HOST)
  const { address, name, port = '' } = PLACE.exec(place ?? '[')?.groups ?? {}
  const host = address ?? name
  if (host === undefined) throw new Refusal(NO_URL)
  const before = Object.entries({ user, password, host, port, dbname })
  return new Map([...before.map(([part, value]) => [part, decodePercent(value)] as const), ...readParameters(query)])
}

/**
 * The URL in the one form that the driver reads as libpq reads the given one.
 *
 * @throws Refusal
 */
export function parsePostgresUrl(text: string): string {
  const { user = '', password = '', host = '', port = '', dbname = '', ...more } = Object.fromEntries(read(text))
  if (host === '') throw new Refusal('it must name a host')
  if (/[,\s]/.test(host + port)) throw new Refusal(ONE_HOST)
  if (port !== '' && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535))
    throw new Refusal('its port must be a whole number from 1 to 65535')
  // The driver would leave these two encoded.
  if (/[?#]/.test(dbname)) throw new Refusal('the name of the database must not hold "?" or "#"')
  // A folder of sockets, or an IPv6 address, the driver takes from the parameters.
  const isName = /^[\w.-]+$/.test(host)
  const place = isName ? `${host}${port && `:${port}`}` : ''
  const parameters = { ...(!isName && { host, ...(port && { port }) }), ...withTls(more) }
  const login = `${encodeURIComponent(user)}${password && `:${encodeURIComponent(password)}`}`
  const query = Object.entries(parameters).map(pair => pair.map(encodeURIComponent).join('='))
  return `postgres://${login && `${login}@`}${place}/${encodeURI(dbname)}${query.length > 0 ? '?' : ''}${query.join('&')}`
}
