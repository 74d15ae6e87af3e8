/** Decides who gets in, once for all frameworks: those only translate. */
import type { AccessTokenClaims } from '../claims.ts'
import type { VerifierOptions } from '../options.ts'
import { TokenError } from '../token-error.ts'
import { createVerifier, type Verifier } from '../verifier.ts'
import { type BearerFault, type BearerRequest, findToken } from './bearer-request.ts'
import type { Requirement } from './route-requirements.ts'

/** What is said in the body of a refusal, in this order. */
export interface Problem {
  readonly error: string
  readonly error_description: string
  readonly status: number
  /** Without the query. */
  readonly path: string
}

/**
 * Makes the body that is sent in place of the problem: any JSON value. Status and headers stay.
 * What it throws goes to the framework's error handling.
 */
export type FormatError<Request> = (problem: Problem, request: Request) => unknown

/** Options for a verifier of the middlewares' own, or a verifier that is there already. */
export type MiddlewareOptions<Request> = (VerifierOptions | { readonly verifier: Verifier }) & {
  readonly formatError?: FormatError<Request>
}

export interface WireRefusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Outcome = { readonly claims: AccessTokenClaims } | { readonly refusal: WireRefusal }

export interface Guard<Request> {
  readonly verifier: Verifier
  /** @throws whatever is no TokenError: a fault of the service, for its own error handling */
  admit(request: Request, bearer: BearerRequest, requirement: Requirement): Promise<Outcome>
}

function createVerdicts(verifier: Verifier) {
  const { audience, pollInterval } = verifier
  const refusals = createRefusals(audience[0] ?? '')

  function refusalFor(error: unknown): Refusal {
    if (!(error instanceof TokenError)) throw error
    if (error.code === 'unavailable') return refusals.unavailable(error.message, pollInterval)
    return refusals.invalidToken(error.message)
  }

  return async function decide(
    bearer: BearerRequest,
    requirement: Requirement,
  ): Promise<{ readonly claims: AccessTokenClaims } | Refusal> {
    const { role, permission, mode } = requirement
    const found = findToken(bearer)
    if ('fault' in found)
      return found.fault === 'missing' ? refusals.missingToken(requirement) : refusals.invalidRequest(found.fault)
    try {
      const claims = await verifier.verify(found.token, { mode })
      if (role !== undefined && !claims.roles?.includes(role)) return refusals.missingRole(role)
      if (permission !== undefined && !claims.scope?.split(' ').includes(permission))
        return refusals.missingPermission(permission)
      return { claims }
    } catch (error) {
      return refusalFor(error)
    }
  }
}

export function createGuard<Request>(options: MiddlewareOptions<Request>): Guard<Request> {
  const { formatError = problem => problem, ...rest } = options
  if (typeof formatError !== 'function') throw new TypeError('formatError must be a function.')
  const given = 'verifier' in rest ? rest.verifier : undefined
  const verifier = given ?? createVerifier(rest as VerifierOptions)
  const decide = createVerdicts(verifier)

  return {
    verifier,
    async admit(request, bearer, requirement) {
      const verdict = await decide(bearer, requirement)
      if ('claims' in verdict) return verdict
      const { status, error, description, headers } = verdict
      const problem = { error, error_description: description, status, path: bearer.path }
      const body = JSON.stringify(await formatError(problem, request))
      if (body === undefined) throw new TypeError('formatError returned nothing: it makes the body, a JSON value.')
      const common = { 'Cache-Control': 'no-store', 'Content-Type': 'application/json; charset=utf-8' }
      return { refusal: { status, headers: { ...common, ...headers }, body } }
    },
  }
}

/** What a caller is told who does not get in (RFC 6750 §3). No text repeats anything of the request. */
interface Refusal {
  readonly status: number
  readonly error: string
  readonly description: string
  readonly headers: Readonly<Record<string, string>>
}

const MALFORMED: Readonly<Record<Exclude<BearerFault, 'missing'>, string>> = {
  severalHeaders: 'The Authorization header is sent more than once.',
  inQuery: 'An access token belongs in the Authorization header, not in the query.',
  twoWays: 'The access token is sent in the Authorization header and in the form.',
}

/** A quoted-string (RFC 9110 §5.6.4), without what is no printable ASCII: not every recipient takes that in a header. */
const quoted = (text: string): string => `"${text.replace(/[^\x20-\x7e]/gu, '').replace(/["\\]/g, '\\$&')}"`

/** error_description may have fewer characters than JSON has (§3): a role may be named with quotes, for one. */
const describable = (text: string): string => text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/gu, '?')

const challenge = (parameters: Readonly<Record<string, string>>): string =>
  `Bearer ${Object.entries(parameters)
    .map(([name, value]) => `${name}=${quoted(value)}`)
    .join(', ')}`

/** @param realm the audience of the service */
function createRefusals(realm: string) {
  function withError(status: number, error: string, description: string, more: Readonly<Record<string, string>> = {}) {
    const parameters = { realm, error, error_description: describable(description), ...more }
    return { status, error, description, headers: { 'WWW-Authenticate': challenge(parameters) } } satisfies Refusal
  }

  return {
    /** No error code: somebody who came without a token has made no mistake (§3.1). */
    missingToken: ({ permission }: Requirement): Refusal => ({
      status: 401,
      error: 'missing_token',
      description: 'This needs an access token in the Authorization header.',
      headers: { 'WWW-Authenticate': challenge({ realm, ...(permission !== undefined && { scope: permission }) }) },
    }),

    invalidRequest: (fault: Exclude<BearerFault, 'missing'>): Refusal =>
      withError(400, 'invalid_request', MALFORMED[fault]),

    invalidToken: (description: string): Refusal => withError(401, 'invalid_token', description),

    missingRole: (role: string): Refusal => withError(403, 'insufficient_scope', `The role ${role} is missing.`),

    missingPermission: (permission: string): Refusal =>
      withError(403, 'insufficient_scope', `The permission ${permission} is missing.`, { scope: permission }),

    /** No challenge: another token would not help. @param afterSeconds when to come again */
    unavailable: (description: string, afterSeconds: number): Refusal => ({
      status: 503,
      error: 'temporarily_unavailable',
      description,
      headers: { 'Retry-After': String(Math.max(1, Math.ceil(afterSeconds))) },
    }),
  }
}
