/** What an API key may be. */
import { findAudience, isSameAudience } from '../records/audience.ts'
import { isOwnPermission } from '../records/role.ts'
import {
  AccountError,
  assertNoProblems,
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

/** Of one that is made over HTTP: it expires. */
export interface NewOwnApiKey extends NewApiKey {
  readonly ttlSeconds: number
}

export const DEFAULT_API_KEY_TTL_SECONDS = 90 * 24 * 60 * 60
/** What is made over HTTP ends. */
export const LONGEST_TTL_DAYS_OVER_HTTP = 365

const scopeProblem = (scope: readonly string[]): string | undefined => {
  if (scope.length === 0) return 'An API key needs a scope.'
  if (scope.some(isOwnPermission)) return "An API key gives none of Signet's own permissions."
  return scope.map(permissionProblem).find(problem => problem !== undefined)
}

const ownAudiencesProblem = (audiences: readonly string[], issuer: string): string | undefined =>
  findAudience(audiences, issuer) !== undefined
    ? 'An API key gives no token for Signet itself.'
    : audiencesProblem(audiences)

/** @param mostDays for which one lives at most, if it is not made at the command line */
export const apiKeyProblems = (
  { name, scope, audiences, ttlSeconds }: NewApiKey,
  issuer: string,
  mostDays?: number,
): Readonly<Record<'name' | 'scope' | 'audiences' | 'expires_in', string | undefined>> => ({
  name: credentialNameProblem('an API key', name),
  scope: scopeProblem(scope),
  audiences: ownAudiencesProblem(audiences, issuer),
  expires_in: ttlSeconds === null ? undefined : credentialTtlProblem('An API key', ttlSeconds, mostDays),
})

/** For whom an administrator asks. */
export interface AskedOwner {
  /** The `client_id` of RFC 6749 §2.2. */
  readonly clientId?: string | undefined
  readonly userId?: string | undefined
}

/**
 * The client whose key an administrator may make over HTTP: a key acts as its owner, and a person's is that person's to make.
 * @throws AccountError
 */
export function machineOf({ clientId, userId }: AskedOwner): string {
  const user_id =
    userId === undefined
      ? undefined
      : 'Over HTTP an API key is made for a client: users make their own, at /me/api-keys.'
  const client_id = clientId === undefined && userId === undefined ? 'It is needed.' : undefined
  assertNoProblems({ user_id, client_id })
  return clientId as string
}

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
  const { audiences: audience, ...problems } = apiKeyProblems(
    { ...asked, audiences },
    issuer,
    LONGEST_TTL_DAYS_OVER_HTTP,
  )
  assertNoProblems({ ...problems, audience })
  if (asked.scope.some(permission => !most.scope.includes(permission)))
    throw new AccountError('beyond_scope', 'The scope goes beyond that of the access token.')
  const asRegistered = audiences.flatMap(audience => findAudience(reach, audience) ?? [])
  if (audiences.length === 0 || asRegistered.length < audiences.length)
    throw new AccountError('beyond_audiences', 'The client of the access token does not serve this audience.')
  return { ...asked, audiences: asRegistered }
}
