/** Decides who gets in, once for all frameworks: those only translate. */

import type { AccessTokenClaims } from '../access-token-claims.ts'
import { type ApiKeyClient, assertApiKeyClient } from '../api-keys/api-key-client.ts'
import { assertKnownNames } from '../known-names.ts'
import { readOptions, VERIFIER_OPTIONS, type VerifierOptions } from '../options.ts'
import { TokenError } from '../token-error.ts'
import { type ApiKeyVerifier, createVerifier, type Verifier } from '../verifier.ts'
import { type BearerFault, type BearerRequest, findApiKey, findToken } from './bearer-request.ts'
import { createRefusals, type Refusal, type Refusals } from './refusals.ts'
import { describeResource, type ResourceMetadata, type ResourceMetadataOptions } from './resource-metadata.ts'
import type { Requirement, RouteOptions } from './route-requirements.ts'

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
  /** Takes API keys in X-API-Key, too, and exchanges them as this client. */
  readonly apiKeys?: ApiKeyClient | undefined
  /** Publishes protected resource metadata for the first audience (RFC 9728), and names it in challenges. */
  readonly resourceMetadata?: boolean | ResourceMetadataOptions | undefined
}

export interface WireAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Outcome = { readonly claims: AccessTokenClaims } | { readonly refusal: WireAnswer }

export interface Guard<Request> {
  readonly verifier: Verifier
  /** Undefined when none is published. */
  readonly resourceMetadata: ResourceMetadata | undefined
  /** @throws whatever is no TokenError: a fault of the service, for its own error handling */
  admit(request: Request, bearer: BearerRequest, requirement: Requirement): Promise<Outcome>
}

type Verifying = (options: RouteOptions) => Promise<AccessTokenClaims>
type Verdict = { readonly claims: AccessTokenClaims } | Refusal

/** @param apiKeys undefined where none are taken: X-API-Key is not looked at then */
function createVerdicts(verifier: Verifier, apiKeys: ApiKeyVerifier | undefined, refusals: Refusals) {
  function refusalFor(error: unknown): Refusal {
    if (!(error instanceof TokenError)) throw error
    if (error.code !== 'unavailable') return refusals.invalidToken(error.message)
    return refusals.unavailable(error.message, error.retryAfter ?? verifier.pollInterval)
  }

  function judge(claims: AccessTokenClaims, { role, permission }: Requirement): Verdict {
    if (role !== undefined && !claims.roles?.includes(role)) return refusals.missingRole(role)
    if (permission !== undefined && !claims.scope?.split(' ').includes(permission))
      return refusals.missingPermission(permission)
    return { claims }
  }

  function credentialsIn(bearer: BearerRequest): { readonly verify: Verifying } | { readonly fault: BearerFault } {
    const key = apiKeys && findApiKey(bearer)
    if (apiKeys !== undefined && key !== undefined)
      return 'fault' in key ? key : { verify: options => apiKeys.verify(key.apiKey, options) }
    const found = findToken(bearer)
    return 'fault' in found ? found : { verify: options => verifier.verify(found.token, options) }
  }

  return async function decide(bearer: BearerRequest, requirement: Requirement): Promise<Verdict> {
    const credentials = credentialsIn(bearer)
    if ('verify' in credentials)
      try {
        return judge(await credentials.verify({ mode: requirement.mode }), requirement)
      } catch (error) {
        return refusalFor(error)
      }
    const { fault } = credentials
    return fault === 'missing' ? refusals.missingToken(requirement) : refusals.invalidRequest(fault)
  }
}

function readResourceMetadata(
  { audience, issuer }: Pick<Verifier, 'audience' | 'issuer'>,
  option: MiddlewareOptions<never>['resourceMetadata'],
) {
  if (option === undefined || option === false) return undefined
  if (option !== true && (typeof option !== 'object' || option === null))
    throw new TypeError('resourceMetadata must be true, or an object with scopes.')
  return describeResource(audience[0] ?? '', issuer, option === true ? {} : option)
}

const GUARD_OPTIONS = ['formatError', 'apiKeys', 'resourceMetadata', 'verifier']

export function createGuard<Request>(options: MiddlewareOptions<Request>): Guard<Request> {
  const { formatError = problem => problem, apiKeys: client, resourceMetadata: metadata, ...rest } = options
  if (typeof formatError !== 'function') throw new TypeError('formatError must be a function.')
  const { verifier: given, ...own } = { verifier: undefined, ...rest }
  if (given === undefined) assertKnownNames(options, [...VERIFIER_OPTIONS, ...GUARD_OPTIONS], 'a guard')
  else assertKnownNames(options, GUARD_OPTIONS, 'a guard that is given its verifier')
  // Once a verifier is made it polls: whatever is wrong is found before.
  const resourceMetadata = readResourceMetadata(given ?? readOptions(own as VerifierOptions), metadata)
  if (client !== undefined) assertApiKeyClient(client)
  const verifier = given ?? createVerifier(own as VerifierOptions)
  const apiKeys = client === undefined ? undefined : verifier.apiKeys(client)
  const refusals = createRefusals({
    realm: verifier.audience[0] ?? '',
    takesApiKeys: apiKeys !== undefined,
    metadataUrl: resourceMetadata?.url,
  })
  const decide = createVerdicts(verifier, apiKeys, refusals)

  return {
    verifier,
    resourceMetadata,
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
