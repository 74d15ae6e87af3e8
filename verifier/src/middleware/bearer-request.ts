/**
 * How a request brings its access token (RFC 6750 §2): the Authorization header (§2.1) is the one way that is supported. Where a
 * service takes API keys, one may stand in X-API-Key in its place.
 */

/** What a request says about its token, whatever framework it came through. */
export interface BearerRequest {
  /** The value of each Authorization line. */
  readonly authorization: readonly string[]
  /** The value of each X-API-Key line. */
  readonly apiKey: readonly string[]
  /** Whether the query has the parameter access_token (§2.3). */
  readonly hasTokenInQuery: boolean
  /** Whether a form body has it (§2.2). */
  readonly hasTokenInForm: boolean
  /** The path of the request, without the query. */
  readonly path: string
}

export type BearerFault = 'missing' | 'severalHeaders' | 'inQuery' | 'twoWays' | 'severalKeys' | 'keyAndToken'

interface Fault {
  readonly fault: BearerFault
}

/** What follows the scheme is handed on as it is: whether that is a token is for `verify` to say. */
export function findToken(request: BearerRequest): { readonly token: string } | Fault {
  const { authorization, hasTokenInQuery, hasTokenInForm } = request
  const [credentials = ''] = authorization
  if (authorization.length > 1) return { fault: 'severalHeaders' }
  if (hasTokenInQuery) return { fault: 'inQuery' }
  if (!/^bearer(?: |$)/i.test(credentials)) return { fault: 'missing' }
  if (hasTokenInForm) return { fault: 'twoWays' }
  return { token: credentials.replace(/^bearer */i, '') }
}

/**
 * A header without a value counts as absent, and a comma as a joint of two lines: that is what some frameworks make of them, and no
 * key has one.
 * @returns undefined when there is no key
 */
export function findApiKey(request: BearerRequest): { readonly apiKey: string } | Fault | undefined {
  const { authorization, hasTokenInQuery, hasTokenInForm } = request
  const lines = request.apiKey.flatMap(line => line.split(','))
  const [apiKey = ''] = lines
  if (lines.length > 1) return { fault: 'severalKeys' }
  if (apiKey === '') return undefined
  if (hasTokenInQuery) return { fault: 'inQuery' }
  if (hasTokenInForm || authorization.some(line => line !== '')) return { fault: 'keyAndToken' }
  return { apiKey }
}

/** What Fastify and Express have in common: a request of Node's http or http2. */
export interface NodeRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Names and values by turns. Mocks and adapters have none. */
  readonly rawHeaders?: readonly string[] | undefined
}

/** Headers of the web, which some mocks have in place of Node's. */
type WebHeaders = { readonly get: (name: string) => string | null }

const areOfTheWeb = (headers: object): headers is WebHeaders => 'get' in headers && typeof headers.get === 'function'

/** They join the lines of one name by a comma and a space. No Bearer credentials have these, so beside them they are a joint. */
export function linesOfWeb(headers: WebHeaders, name: string): readonly string[] {
  const value = headers.get(name)
  if (value === null) return []
  return /(?:^|, )bearer(?: |$)/i.test(value) ? value.split(', ') : [value]
}

/**
 * Node keeps the first of two Authorization lines and drops the other, and joins others, so the raw lines are counted. Where there is
 * one, the parsed header counts, which another middleware or an adapter may have set. Where there are no raw lines, all that is there
 * counts, however it is spelt: of two lines either both are seen, or one is all that came through.
 */
function linesOf({ headers, rawHeaders = [] }: NodeRequest, name: string): readonly string[] {
  const lines = rawHeaders.filter((_, index) => rawHeaders[index - 1]?.toLowerCase() === name && index % 2 === 1)
  if (lines.length > 1) return lines
  if (rawHeaders.length > 0) return [headers[name] ?? []].flat()
  if (areOfTheWeb(headers)) return linesOfWeb(headers, name)
  return Object.entries(headers).flatMap(([each, value]) => (each.toLowerCase() === name ? (value ?? []) : []))
}

/** A request target is a path with a query, or a whole URL (RFC 9112 §3.2). */
function split(target: string): { readonly path: string; readonly query: string } {
  const origin = /^https?:\/\/[^/?]*/i.exec(target)?.[0] ?? ''
  const at = target.indexOf('?')
  const end = at === -1 ? target.length : at
  return { path: target.slice(origin.length, end) || '/', query: target.slice(end) }
}

const isForm = (request: NodeRequest): boolean =>
  /^application\/x-www-form-urlencoded *(?:;|$)/i.test(linesOf(request, 'content-type').join())

/** Body parsers make an object of a form, or URLSearchParams. */
const hasToken = (body: unknown): boolean =>
  body instanceof URLSearchParams
    ? body.has('access_token')
    : typeof body === 'object' && body !== null && Object.hasOwn(body, 'access_token')

/** The path of a request target, without the query. */
export const pathOf = (target: string): string => split(target).path

/**
 * @param target as the caller sent it
 * @param body what a body parser has made of the body; undefined when none was there yet
 */
export function readNodeRequest(request: NodeRequest, target: string, body: unknown): BearerRequest {
  if (typeof request.headers !== 'object' || request.headers === null)
    throw new TypeError('The request has no headers.')
  const { path, query } = split(target)
  return {
    authorization: linesOf(request, 'authorization'),
    apiKey: linesOf(request, 'x-api-key'),
    hasTokenInQuery: new URLSearchParams(query).has('access_token'),
    hasTokenInForm: isForm(request) && hasToken(body),
    path,
  }
}
