/**
 * What may be entered for users, roles, clients and credentials, and the refusal of what may not. A function whose name ends with
 * Problem answers a sentence that says what is wrong, or undefined.
 */
import { formatDuration } from '../clock.ts'
import { isSpelledTwice } from '../records/audience.ts'
import { type ClientSettings, type GrantLimits, grantTypes } from '../records/client.ts'
import type { Credential } from '../records/credential.ts'
import { LONGEST_ACCESS_TOKEN_LIFETIME_SECONDS, SHORTEST_ACCESS_TOKEN_LIFETIME_SECONDS } from '../records/limits.ts'
import { OPENID_SCOPES } from '../records/role.ts'
import { originProblem } from './origin-rules.ts'

/** Why an act on users, roles, clients or credentials was refused; the message is for whoever asked. */
export class AccountError extends Error {
  override readonly name = 'AccountError'
  readonly code:
    | 'already_exists'
    | 'not_found'
    | 'invalid'
    | 'wrong_password'
    | 'beyond_scope'
    | 'beyond_audiences'
    | 'limit_reached'
    | 'too_many'
    | 'not_now'
    | 'beyond_authority'
    | 'conflict'
  /** Seconds after which it would be accepted, if there is such a time. */
  readonly retryAfterSeconds: number | undefined
  /** What of the input is wrong, where it is known. */
  readonly problems: readonly FieldProblem[]

  constructor(
    code: AccountError['code'],
    message: string,
    more: { readonly retryAfterSeconds?: number; readonly problems?: readonly FieldProblem[] } = {},
  ) {
    super(message)
    this.code = code
    this.retryAfterSeconds = more.retryAfterSeconds
    this.problems = more.problems ?? []
  }
}

/** What is wrong with a member of the input, as its JSON calls it: what a form would show beside the field. */
export interface FieldProblem {
  readonly field: string
  readonly message: string
}

export const notFound = (what: string): AccountError => new AccountError('not_found', `There is no such ${what}.`)

/** Throws `invalid` when there is a problem to tell. @param field whose it is */
export function assertNoProblem(problem: string | undefined, field?: string): void {
  if (problem !== undefined)
    throw new AccountError('invalid', problem, field === undefined ? {} : { problems: [{ field, message: problem }] })
}

/** The same for several members at once: whoever fills in a form is told of all. */
export function assertNoProblems(byField: Readonly<Record<string, string | undefined>>): void {
  const problems = Object.entries(byField).flatMap(([field, message]) =>
    message === undefined ? [] : { field, message },
  )
  if (problems.length === 0) return
  throw new AccountError('invalid', [...new Set(problems.map(({ message }) => message))].join(' '), { problems })
}

/** A permission is a scope-token of RFC 6749 §3.3. `*` is kept for clients, where it means whatever the user has. */
export function permissionProblem(permission: string): string | undefined {
  if (OPENID_SCOPES.includes(permission))
    return `The scopes of OpenID Connect, ${OPENID_SCOPES.join(', ')}, are ignored: they can be no permissions.`
  if (/^[\x21\x23-\x5B\x5D-\x7E]{1,128}$/.test(permission) && permission !== '*') return undefined
  return 'A permission has 1 to 128 printable ASCII characters without space, quote and backslash, and is not *; for example posts:write.'
}

/** Printable ASCII (RFC 6749 Appendix A.1), and nothing that Basic or a form writes in another way: clients differ in whether they do. */
export const clientIdProblem = (clientId: string): string | undefined =>
  /^[\x21-\x7E]{1,64}$/.test(clientId) && !/[%+:]/.test(clientId)
    ? undefined
    : 'A client id has 1 to 64 printable ASCII characters without space, %, + and colon.'

const LEAST_DIFFERENT_CHARACTERS = 10

/** Printable ASCII (RFC 6749 Appendix A.2), long and varied enough that its SHA-256 can't be searched. */
export const clientSecretProblem = (secret: string): string | undefined =>
  /^[\x20-\x7E]{32,256}$/.test(secret) && new Set(secret).size >= LEAST_DIFFERENT_CHARACTERS
    ? undefined
    : `A client secret has 32 to 256 printable ASCII characters, at least ${LEAST_DIFFERENT_CHARACTERS} of them different.`

/** Operators see it in their terminals, which obey control characters. */
export const credentialNameProblem = (what: string, name: string): string | undefined =>
  /^[^\p{C}\p{Zl}\p{Zp}]{1,64}$/u.test(name) && name === name.trim()
    ? undefined
    : `The name of ${what} has 1 to 64 printable characters, and no space at its beginning or end.`

const LONGEST_CREDENTIAL_TTL_DAYS = 3650

export const credentialTtlProblem = (
  what: string,
  seconds: number,
  mostDays = LONGEST_CREDENTIAL_TTL_DAYS,
): string | undefined =>
  Number.isSafeInteger(seconds) && seconds >= 1 && seconds <= mostDays * 24 * 60 * 60
    ? undefined
    : `${what} expires after 1s to ${mostDays}d.`

const MOST_SECRETS = 20

/** For one more: each is compared with what a request presents. */
export const secretCountProblem = (secrets: readonly Credential[], nowMs: number): string | undefined =>
  secrets.filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > nowMs).length < MOST_SECRETS
    ? undefined
    : `A client has at most ${MOST_SECRETS} secrets that work: remove one that is no longer used first.`

/** RFC 8707 §2: an absolute URI without a fragment. */
const audienceProblem = (audience: string): string | undefined =>
  URL.canParse(audience) && /^[\x21-\x7E]{1,2048}$/.test(audience) && !audience.includes('#')
    ? undefined
    : 'An audience is an absolute URI without a fragment, for example https://api.example.com.'

export const audiencesProblem = (audiences: readonly string[]): string | undefined =>
  audiences.map(audienceProblem).find(problem => problem !== undefined) ??
  (isSpelledTwice(audiences) ? 'Two of the audiences are one in two spellings: give it once.' : undefined)

const ttlProblem = (seconds: number | null): string | undefined =>
  seconds === null ||
  (seconds >= SHORTEST_ACCESS_TOKEN_LIFETIME_SECONDS && seconds <= LONGEST_ACCESS_TOKEN_LIFETIME_SECONDS)
    ? undefined
    : `An access token lives for ${formatDuration(SHORTEST_ACCESS_TOKEN_LIFETIME_SECONDS)} to ${formatDuration(LONGEST_ACCESS_TOKEN_LIFETIME_SECONDS)}.`

const MOST_GRANTS_A_MINUTE = 1_000_000

export function grantLimitsProblem({ client, subject }: GrantLimits): string | undefined {
  const isLimit = (limit: number): boolean => Number.isSafeInteger(limit) && limit >= 1
  if (
    isLimit(client) &&
    client <= MOST_GRANTS_A_MINUTE &&
    (subject === null || (isLimit(subject) && subject <= client))
  )
    return undefined
  return `The limit of grants is a whole number from 1 to ${MOST_GRANTS_A_MINUTE}, and that of a subject no more than it.`
}

const isGrantType = (grant: string): boolean => grantTypes.some(known => known === grant)

/** Anybody can be a public client: what is asked of one that proves who it is (RFC 6749 §4.4, RFC 7662 §2.1) is not for it. */
export function publicClientProblem({ grants, introspect }: Partial<ClientSettings>): string | undefined {
  if (grants?.includes('client_credentials'))
    return 'A public client has no client_credentials: it can prove nothing, so anybody would get its tokens.'
  if (introspect !== undefined && introspect.length > 0)
    return 'A public client may not introspect: it can prove nothing, so anybody could.'
  return undefined
}

/** What is given for a client, each by itself. */
export function valuesProblem(given: Partial<ClientSettings>): string | undefined {
  const { grants = [], scope = [], audiences = [], introspect = [], origins = [] } = given
  const { accessTokenTtlSeconds = null, grantsPerMinute = null } = given
  if (!grants.every(isGrantType)) return `A grant is one of ${grantTypes.join(', ')}.`
  const problems = [
    ...scope.filter(permission => permission !== '*').map(permissionProblem),
    audiencesProblem(audiences),
    audiencesProblem(introspect),
    ...origins.map(originProblem),
    ttlProblem(accessTokenTtlSeconds),
    grantsPerMinute === null ? undefined : grantLimitsProblem(grantsPerMinute),
  ]
  return problems.find(problem => problem !== undefined)
}

/** All that a client has, taken together. */
export function settingsProblem(settings: ClientSettings & { readonly isPublic: boolean }): string | undefined {
  if (settings.grants.length > 0 && settings.audiences.length === 0) return 'A client with a grant needs an audience.'
  return settings.isPublic ? publicClientProblem(settings) : undefined
}
