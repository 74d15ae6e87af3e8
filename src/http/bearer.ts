/** Bearer tokens (RFC 6750) for Signet's own API, which is a resource like any other: the audience is the issuer. */
import type { FastifyRequest } from 'fastify'
import { type Clock, toSeconds } from '../clock.ts'
import type { FindLiveAccessToken, LiveAccessToken } from '../oauth/access-token-verification.ts'
import { isSameAudience } from '../records/audience.ts'
import { CLOCK_TOLERANCE_SECONDS } from '../records/limits.ts'
import { type OriginRules, originNotAllowed } from './browser-origins.ts'
import { HttpError } from './error-handler.ts'
import { noteForLog } from './request-log.ts'

export type AuthenticateBearer = (request: FastifyRequest) => Promise<LiveAccessToken>

/** RFC 6750 §3.1: a request without a token, or with another scheme, gets a challenge without an error code. */
const missingToken = (): HttpError =>
  new HttpError({
    status: 401,
    error: 'missing_token',
    description: 'This needs an access token in the Authorization header.',
    headers: { 'www-authenticate': 'Bearer realm="signet"' },
  })

/** RFC 6750 §3: the challenge says the same as the body. */
function refused(status: number, error: string, description: string): HttpError {
  const challenge = `Bearer realm="signet", error="${error}", error_description="${description}"`
  return new HttpError({ status, error, description, headers: { 'www-authenticate': challenge } })
}

export const invalidToken = (): HttpError =>
  refused(401, 'invalid_token', 'The access token is malformed, expired, revoked or for another audience.')

/** RFC 9470 §3. @param maxAge seconds since the sign-in */
function insufficientAuthentication(maxAge: number): HttpError {
  const [error, description] = ['insufficient_user_authentication', 'This needs a more recent sign-in.']
  const challenge = `Bearer realm="signet", error="${error}", error_description="${description}", max_age="${maxAge}"`
  return new HttpError({ status: 401, error, description, headers: { 'www-authenticate': challenge } })
}

const noUser = (): HttpError => refused(403, 'insufficient_scope', 'This is for tokens of users.')

/** RFC 6750 §3: the challenge names what is needed. */
export function insufficientScope(permission: string): HttpError {
  const [error, description] = [
    'insufficient_scope',
    `This takes the permission ${permission} in the scope of the token.`,
  ]
  const challenge = `Bearer realm="signet", error="${error}", error_description="${description}", scope="${permission}"`
  return new HttpError({ status: 403, error, description, headers: { 'www-authenticate': challenge } })
}

export const noApiKeys = (): HttpError =>
  refused(403, 'insufficient_scope', 'This is not for tokens that were given for an API key.')

/** Seconds since the sign-in: a token that is lying about does nothing that outlives it. */
const LONGEST_SINCE_SIGN_IN = 1800

/**
 * RFC 9470 §3. A sign-in that lies ahead was before the clock was set back: nobody knows how long ago.
 * @throws HttpError 401 insufficient_user_authentication
 */
export function assertSignedInJustNow({ claims }: LiveAccessToken, clock: Clock): void {
  const since = toSeconds(clock.now()) - (claims.auth_time ?? 0)
  if (since > LONGEST_SINCE_SIGN_IN || since < -CLOCK_TOLERANCE_SECONDS)
    throw insufficientAuthentication(LONGEST_SINCE_SIGN_IN)
}

const tokenInQuery = (): HttpError =>
  refused(400, 'invalid_request', 'An access token belongs in the Authorization header, not in the query.')

/** @throws HttpError 400 invalid_request, 401 missing_token or invalid_token; OAuthError origin_not_allowed */
export function createBearerAuthentication(dependencies: {
  readonly issuer: string
  readonly findLiveAccessToken: FindLiveAccessToken
  readonly origins: OriginRules
}): AuthenticateBearer {
  const { issuer, findLiveAccessToken, origins } = dependencies

  return async request => {
    const { authorization, origin } = request.headers
    if (Object.hasOwn(request.query as object, 'access_token')) throw tokenInQuery()
    if (authorization === undefined || !/^bearer(?: |$)/i.test(authorization)) throw missingToken()
    const token = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(authorization)?.[1]
    const live = token === undefined ? undefined : await findLiveAccessToken(token)
    if (live === undefined || !isSameAudience(live.claims.aud, issuer)) throw invalidToken()
    noteForLog(request, { client_id: live.claims.client_id })
    if (origin !== undefined && !(await origins.mayUse(origin, live.claims.client_id))) throw originNotAllowed()
    return live
  }
}

/**
 * The same for what belongs to users: a client that speaks for itself has none of it.
 * @throws HttpError 403 insufficient_scope
 */
export const forUsers =
  (authenticate: AuthenticateBearer): AuthenticateBearer =>
  async request => {
    const live = await authenticate(request)
    if (live.session.credentialId !== null) throw noUser()
    return live
  }
