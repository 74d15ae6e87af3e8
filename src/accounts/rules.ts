/**
 * What may be entered for users, roles, clients and credentials, and the refusal of what may not. A function whose name ends with
 * Problem answers a sentence that says what is wrong, or undefined; one that ends with Problems such a sentence for each member.
 */
import { isAudienceName, isSpelledTwice } from '../records/audience.ts'
import { isOwnPermission, OPENID_SCOPES, ownPermissions } from '../records/role.ts'

/** Why an act on users, roles, clients or credentials was refused; the message is for whoever asked. */
export class AccountError extends Error {
  override readonly name = 'AccountError'
  readonly code:
    | 'already_exists'
    | 'not_found'
    | 'invalid'
    | 'wrong_password'
    | 'wrong_ticket'
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

/** What is wrong with each member of the input, as its JSON calls it. */
export type Problems = Readonly<Record<string, string | undefined>>

/** The same for several members at once: whoever fills in a form is told of all. */
export function assertNoProblems(byField: Problems): void {
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

/**
 * A mistyped one would give nothing, and nobody would notice. What is from before there was a rule is in nobody's way.
 * @param before what was given already
 */
export function unknownPermissionProblem(
  permissions: readonly string[],
  before: readonly string[] = [],
): string | undefined {
  const isKnown = (permission: string) =>
    !isOwnPermission(permission) || before.includes(permission) || ownPermissions.some(own => own === permission)
  if (permissions.every(isKnown)) return undefined
  return `Of the permissions that begin with signet: there are ${ownPermissions.join(', ')}.`
}

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

/** RFC 7519 §4.1.3: a name, or, as in RFC 8707 §2, an absolute URI without a fragment. */
function audienceProblem(audience: string): string | undefined {
  const isUri = URL.canParse(audience) && /^[\x21-\x7E]{1,2048}$/.test(audience) && !audience.includes('#')
  if (isUri || isAudienceName(audience)) return undefined
  return 'An audience is an absolute URI without a fragment, for example https://api.example.com, or a name of 1 to 255 printable ASCII characters without space and colon.'
}

export const audiencesProblem = (audiences: readonly string[]): string | undefined =>
  audiences.map(audienceProblem).find(problem => problem !== undefined) ??
  (isSpelledTwice(audiences) ? 'Two of the audiences are one in two spellings: give it once.' : undefined)
