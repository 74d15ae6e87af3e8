/**
 * Parameters of a form belong in the body: a query stands in logs and histories. The endpoints at which clients authenticate let a query
 * pass that has none (RFC 6749 §3.2): gateways and interceptors add to it what is theirs.
 */
import type { FastifyRequest } from 'fastify'
import { invalidRequest } from '../oauth/oauth-error.ts'

/** Without what separates their words. */
const refusedNames = new Set([
  ...['clientid', 'granttype', 'username', 'scope', 'resource', 'audience', 'code', 'devicecode', 'authreqid'],
  ...['redirecturi', 'responsetype', 'codeverifier', 'codechallenge', 'codechallengemethod'],
  // Too short to be looked for inside of other names.
  ...['pass', 'pw', 'pin', 'otp', 'totp', 'ticket'],
])
/** What can be one, under a name that nobody has thought of. */
const CREDENTIAL = /secret|passw|passphrase|passcode|pwd|token|jwt|assertion|apikey|authorization|credential/

/** One of this service, or a JWT, whatever it is called. */
const TOKEN = /signet_(?:rt|key|pt)_|eyJ[\w-]+\.[\w-]/

const MOST_ENCODINGS = 3

const decodeOnce = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))

/** However often it was encoded. Undefined: too often to have been meant. */
function decode(query: string): string | undefined {
  let decoded = query
  for (let times = 0; times < MOST_ENCODINGS; times += 1) decoded = decodeOnce(decoded)
  return decodeOnce(decoded) === decoded ? decoded : undefined
}

/** Every word that some reader of queries takes for a name: `user[password]` and `user.password` have two, JSON has its own. */
function* namesIn(query: string): Generator<string> {
  for (const pair of query.split(/[&;?#{}"]/))
    for (const name of /[=:]/.test(pair) ? pair.split(/[=:]/).slice(0, -1) : [pair])
      for (const word of [name, ...name.split(/[[\].]/)]) yield word.toLowerCase().replace(/[^a-z0-9]/g, '')
}

const isParameter = (name: string): boolean => refusedNames.has(name) || CREDENTIAL.test(name)

const refused = () => invalidRequest('Parameters belong in the body, not in the query.')

const queryOf = ({ url }: FastifyRequest): string | undefined =>
  url.includes('?') ? url.slice(url.indexOf('?') + 1) : undefined

/** @throws OAuthError invalid_request where there is a query, whatever is in it */
export function refuseQuery(request: FastifyRequest): void {
  if (queryOf(request) !== undefined) throw refused()
}

/** @throws OAuthError invalid_request where a parameter of the protocol, or what may be a credential, is in the query, however it is spelt */
export function refuseParametersInQuery(request: FastifyRequest): void {
  const query = queryOf(request)
  if (query === undefined) return
  const decoded = decode(query)
  if (decoded === undefined || TOKEN.test(decoded) || namesIn(decoded).some(isParameter)) throw refused()
}
