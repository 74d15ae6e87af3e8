/** What an API key may be. */
import { findAudience, isSameAudience } from '../records/audience.ts'
import { isOwnPermission } from '../records/role.ts'
import {
  AccountError,
  assertNoProblem,
  audiencesProblem,
  credentialNameProblem,
  credentialTtlProblem,
  permissionProblem,
} from './rules.ts'

export interface NewApiKey {
  readonly name: string
  readonly scope: readonly string[]
  /** Empty: whatever the exchanging client may use. */
  readonly audiences: readonly string[]
  /** Null: it does not expire. */
  readonly ttlSeconds: number | null
}

/** Of a user who makes it without an operator: it expires. */
export interface NewOwnApiKey extends NewApiKey {
  readonly ttlSeconds: number
}

export const DEFAULT_API_KEY_TTL_SECONDS = 90 * 24 * 60 * 60
const LONGEST_OWN_TTL_DAYS = 365

const scopeProblem = (scope: readonly string[]): string | undefined => {
  if (scope.length === 0) return 'An API key needs a scope.'
  if (scope.some(isOwnPermission)) return "An API key gives none of Signet's own permissions."
  return scope.map(permissionProblem).find(problem => problem !== undefined)
}

const ownAudiencesProblem = (audiences: readonly string[], issuer: string): string | undefined =>
  findAudience(audiences, issuer) !== undefined
    ? 'An API key gives no token for Signet itself.'
    : audiencesProblem(audiences)

const ttlProblem = (seconds: number | null): string | undefined =>
  seconds === null ? undefined : credentialTtlProblem('An API key', seconds)

/** Of one that an operator makes. */
export const apiKeyProblem = ({ name, scope, audiences, ttlSeconds }: NewApiKey, issuer: string): string | undefined =>
  credentialNameProblem('an API key', name) ??
  scopeProblem(scope) ??
  ownAudiencesProblem(audiences, issuer) ??
  ttlProblem(ttlSeconds)

/** What a user's own key may have at most. */
interface Most {
  /** Of the token that asks. */
  readonly scope: readonly string[]
  /** Of that token's client. */
  readonly audiences: readonly string[]
}

/**
 * A key that a user makes with a token: it has no more than the token. Without audiences it gets all that there are.
 * @throws AccountError
 */
export function assertApiKeyIsWithin(asked: NewOwnApiKey, most: Most, issuer: string): NewApiKey {
  const reach = most.audiences.filter(audience => !isSameAudience(audience, issuer))
  const audiences = asked.audiences.length === 0 ? reach : asked.audiences
  assertNoProblem(apiKeyProblem({ ...asked, audiences }, issuer))
  assertNoProblem(credentialTtlProblem('An API key', asked.ttlSeconds, LONGEST_OWN_TTL_DAYS))
  if (asked.scope.some(permission => !most.scope.includes(permission)))
    throw new AccountError('beyond_scope', 'The scope goes beyond that of the access token.')
  const asRegistered = audiences.flatMap(audience => findAudience(reach, audience) ?? [])
  if (audiences.length === 0 || asRegistered.length < audiences.length)
    throw new AccountError('beyond_audiences', 'The client of the access token does not serve this audience.')
  return { ...asked, audiences: asRegistered }
}
