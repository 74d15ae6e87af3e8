/** What every middleware answers to a request that it refuses, byte for byte. */
import type { Tokens } from './resource-callers.ts'
import { api } from './serve.ts'

export interface Call {
  /** A path with a query, or a whole URL. */
  readonly target: string
  /** GET when not given, or POST with a form. */
  readonly method?: string
  /** Its Authorization lines. */
  readonly authorization?: readonly string[]
  /** Its X-API-Key lines. */
  readonly apiKey?: readonly string[]
  /** Makes it a POST. */
  readonly form?: string
  readonly contentType?: string
}

/** The whole of a refusal but its date: a header that is null must not be there. */
export interface Refusal {
  readonly status: number
  readonly headers: Readonly<
    Record<'cache-control' | 'content-type' | 'retry-after' | 'www-authenticate', string | null>
  >
  readonly text: string
}

export interface Case {
  readonly title: string
  readonly call: Call
  readonly refusal: Refusal
  /** It depends on a body that a parser has read. */
  readonly readsForm?: boolean
}

const common = { 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' }

/** @param challenge what follows `Bearer` */
export const refused = (status: number, challenge: string, text: string): Refusal => ({
  status,
  headers: { ...common, 'retry-after': null, 'www-authenticate': `Bearer ${challenge}` },
  text,
})

export const unavailable = (description: string, path: string, retryAfter = '5'): Refusal => ({
  status: 503,
  headers: { ...common, 'retry-after': retryAfter, 'www-authenticate': null },
  text: `{"error":"temporarily_unavailable","error_description":"${description}","status":503,"path":"${path}"}`,
})

const realm = `realm="${api}"`

/** @param more what the challenge says beside the realm */
const missing = (path: string, more = ''): Refusal =>
  refused(
    401,
    `${realm}${more}`,
    `{"error":"missing_token","error_description":"This needs an access token in the Authorization header.","status":401,"path":"${path}"}`,
  )

const withError = (status: number, error: string, description: string, path: string, more = ''): Refusal =>
  refused(
    status,
    `${realm}, error="${error}", error_description="${description}"${more}`,
    `{"error":"${error}","error_description":"${description}","status":${status},"path":"${path}"}`,
  )

export const invalid = (description: string, path = '/me'): Refusal =>
  withError(401, 'invalid_token', description, path)
const insufficient = (description: string, path: string, more = '') =>
  withError(403, 'insufficient_scope', description, path, more)
const badRequest = (description: string) => withError(400, 'invalid_request', description, '/me')

const twice = badRequest('The Authorization header is sent more than once.')
const inQuery = badRequest('An access token belongs in the Authorization header, not in the query.')
const inForm = badRequest('The access token is sent in the Authorization header and in the form.')
const malformed = invalid('The token is malformed. It is not three parts of base64url.')

const scoped = ', scope="posts:write"'

/** Requests that bring no token, or not as they should. */
const withoutToken = ({ good }: Tokens): readonly Case[] => [
  { title: 'no token', call: { target: '/me' }, refusal: missing('/me') },
  { title: 'no token where a permission is needed', call: { target: '/posts' }, refusal: missing('/posts', scoped) },
  { title: 'no token where a role is needed', call: { target: '/admin' }, refusal: missing('/admin') },
  { title: 'a path without its query', call: { target: '/me?page=2&x=?access' }, refusal: missing('/me') },
  {
    title: 'a target that is a whole URL',
    call: { target: 'http://resource.test/me?page=2' },
    refusal: missing('/me'),
  },
  ...[`Basic ${good}`, `DPoP ${good}`, `Bearer\t${good}`, `Bearerx ${good}`, good, ''].map(line => ({
    title: `another scheme: ${line.slice(0, 12)}`,
    call: { target: '/me', authorization: [line] },
    refusal: missing('/me'),
  })),
  {
    title: 'a token in a form only',
    call: { target: '/me', form: `access_token=${good}` },
    refusal: missing('/me'),
  },
]

const malformedRequests = ({ good }: Tokens): readonly Case[] => [
  ...[
    [`Bearer ${good}`, `Bearer ${good}`],
    [`Bearer ${good}`, 'Basic YTpi'],
    ['Basic YTpi', `bearer ${good}`],
  ].map((authorization, index) => ({
    title: `two Authorization lines (${index})`,
    call: { target: '/me', authorization },
    refusal: twice,
  })),
  ...[
    `/me?access_token=${good}`,
    '/me?access_token=',
    '/me?a=b?&access%5Ftoken=x',
    'http://resource.test/me?access_token=x',
  ].map(target => ({ title: `a token in the query: ${target.slice(0, 40)}`, call: { target }, refusal: inQuery })),
  {
    title: 'a token in the query beside the header',
    call: { target: '/me?access_token=x', authorization: [`Bearer ${good}`] },
    refusal: inQuery,
  },
  ...['application/x-www-form-urlencoded', 'Application/X-WWW-Form-Urlencoded; charset=UTF-8'].map(contentType => ({
    title: `a token in a form beside the header: ${contentType}`,
    call: { target: '/me', authorization: [`Bearer ${good}`], form: 'a=b&access_token=', contentType },
    refusal: inForm,
    readsForm: true,
  })),
]

const badTokens = ({ good, forged, revoked, forAnotherAudience }: Tokens): readonly Case[] => [
  ...['Bearer', 'Bearer  ', 'bearer garbage', `Bearer ${good} ${good}`, `Bearer ${good},`, `Bearer ="${good}"`].map(
    line => ({
      title: `no token behind the scheme: ${line.slice(0, 16)} (${line.length})`,
      call: { target: '/me', authorization: [line] },
      refusal: malformed,
    }),
  ),
  {
    title: 'a forged token',
    call: { target: '/me', authorization: [`Bearer ${forged}`] },
    refusal: invalid('The signature of the token does not verify.'),
  },
  {
    title: 'a revoked token',
    call: { target: '/me', authorization: [`Bearer ${revoked}`] },
    refusal: invalid('The access token was revoked.'),
  },
  ...(['/me', '/posts', '/admin'] as const).map(path => ({
    title: `a token for another audience at ${path}`,
    call: { target: path, authorization: [`Bearer ${forAnotherAudience}`] },
    refusal: invalid('The access token is for another audience.', path),
  })),
]

const tooLittle = ({ good, narrow }: Tokens): readonly Case[] => [
  {
    title: 'a token without the permission',
    call: { target: '/posts?page=2', authorization: [`Bearer ${narrow}`] },
    refusal: insufficient('The permission posts:write is missing.', '/posts', scoped),
  },
  {
    title: 'a token without the role',
    call: { target: '/admin', authorization: [`Bearer ${good}`] },
    refusal: insufficient('The role admin is missing.', '/admin'),
  },
  {
    title: 'a role that cannot stand in a header as it is',
    call: { target: '/odd', authorization: [`Bearer ${good}`] },
    refusal: refused(
      403,
      `${realm}, error="insufficient_scope", error_description="The role ?R?D? ?? is missing."`,
      String.raw`{"error":"insufficient_scope","error_description":"The role \"R\\D\" é😀 is missing.","status":403,"path":"/odd"}`,
    ),
  },
]

export const oddRole = '"R\\D" é😀'

export const casesFor = (tokens: Tokens): readonly Case[] =>
  [withoutToken, malformedRequests, badTokens, tooLittle].flatMap(cases => cases(tokens))
