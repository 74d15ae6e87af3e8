/** Token introspection (RFC 7662): for whom offline verification is not enough. What is stored wins over what a token claims. */
import { type Clock, toSeconds } from '../clock.ts'
import { type PresentedApiKey, parseApiKey, statusOf } from '../records/api-key.ts'
import { findAudience } from '../records/audience.ts'
import { isClient } from '../records/client.ts'
import { hashOf } from '../records/opaque-token.ts'
import type { SessionReader } from '../records/session.ts'
import type { UserReader } from '../records/user.ts'
import type { FindLiveAccessToken, HaveGoodStanding, LiveAccessToken } from './access-token-verification.ts'
import { type ApiKeysInUse, audiencesOfKey, narrowToKey } from './api-keys.ts'
import type {
  AuthenticateClient,
  AuthenticatedClient,
  ClientRequest,
} from './client-authentication/client-authentication.ts'
import { needed } from './form.ts'
import { invalidClient } from './oauth-error.ts'
import { narrow, narrowToRoles, within } from './scope.ts'
import { REFRESH_TOKEN } from './sessions/new-session.ts'
import { judgeUse, parseRefreshToken, type RefreshToken } from './sessions/refresh-token.ts'

/** §2.2 */
export type Introspection =
  | { readonly active: false }
  | {
      readonly active: true
      /** Of an access token. */
      readonly token_type?: 'Bearer'
      readonly iss: string
      readonly sub: string
      /** The name that the user signs in with. */
      readonly username?: string
      readonly aud?: string | readonly string[]
      readonly client_id?: string
      readonly scope?: string
      readonly roles?: readonly string[]
      readonly iat: number
      readonly exp?: number
      readonly jti?: string
      readonly sid?: string
      readonly auth_time?: number
      readonly api_key_id?: string
    }

/** One answer for everything that the caller may not know about (§2.2): the token, and whether there is one. */
const inactive: Introspection = { active: false }

const scopeMember = (scope: readonly string[]) => (scope.length > 0 ? { scope: scope.join(' ') } : {})

/**
 * Answers about access tokens and API keys for audiences that the client was given to introspect, and about its own refresh tokens.
 * @throws OAuthError invalid_request, invalid_client (public clients, too: they can't prove who asks)
 */
export function createIntrospectionEndpoint(dependencies: {
  readonly issuer: string
  readonly authenticateClient: AuthenticateClient
  readonly findLiveAccessToken: FindLiveAccessToken
  readonly haveGoodStanding: HaveGoodStanding
  readonly apiKeys: ApiKeysInUse
  readonly sessionReader: SessionReader
  readonly users: UserReader
  readonly clock: Clock
  /** Seconds. */
  readonly refreshGrace: number
}): (request: ClientRequest) => Promise<Introspection> {
  const { issuer, authenticateClient, findLiveAccessToken, haveGoodStanding, apiKeys, sessionReader, users } =
    dependencies
  const { clock, refreshGrace } = dependencies

  async function usernameMember(subjectId: string): Promise<{ readonly username?: string }> {
    const user = isClient(subjectId) ? undefined : await users.findById(subjectId)
    return user === undefined ? {} : { username: user.username }
  }

  /** A permission that was taken away since is in the token, and no longer in the answer. */
  async function scopeAndRolesNow({ claims, session }: LiveAccessToken) {
    const { scope = '', roles, sub } = claims
    const limits = [within(scope.split(' '))]
    if (isClient(sub)) {
      const owner = await apiKeys.ownerOf({ ownerId: sub })
      return scopeMember(narrow(undefined, owner?.permissions ?? [], limits))
    }
    const now = narrowToRoles(undefined, limits, await users.rolesOf(session.subjectId))
    return { ...scopeMember(now.scope), ...(roles && { roles: roles.filter(role => now.roles.includes(role)) }) }
  }

  async function ofAccessToken(token: string, client: AuthenticatedClient): Promise<Introspection> {
    const live = await findLiveAccessToken(token)
    if (live === undefined || findAudience(client.introspect, live.claims.aud) === undefined) return inactive
    const { status: _, scope: __, roles: ___, ...claims } = live.claims
    const username = await usernameMember(live.session.subjectId)
    return { active: true, token_type: 'Bearer', ...claims, ...username, ...(await scopeAndRolesNow(live)) }
  }

  async function ofRefreshToken({ handle, secret }: RefreshToken, client: AuthenticatedClient): Promise<Introspection> {
    const family = await sessionReader.findFamily(hashOf(handle))
    if (family === undefined || family.clientId !== client.id) return inactive
    const use = judgeUse(family, hashOf(secret), clock.now(), refreshGrace * 1000)
    const mayRefresh = client.grants.includes(REFRESH_TOKEN) && (use === 'current' || use === 'repeat')
    if (!mayRefresh || !(await haveGoodStanding(family))) return inactive
    // As much as a refresh would give.
    const now = narrowToRoles(undefined, [within(client.scope), within(family.scope)], family.subjectRoles)
    return {
      active: true,
      iss: issuer,
      sub: family.subjectId,
      ...(await usernameMember(family.subjectId)),
      client_id: client.clientId,
      ...scopeMember(now.scope),
      iat: family.authTimeSeconds,
      exp: toSeconds(family.expiresAtMs),
      sid: family.id,
    }
  }

  /** What the key itself gives, whichever client exchanges it. */
  async function ofApiKey(presented: PresentedApiKey, client: AuthenticatedClient): Promise<Introspection> {
    const key = await apiKeys.find(presented)
    if (key === undefined || statusOf(key, clock.now()) !== 'active') return inactive
    const audiences = audiencesOfKey(key, client.introspect, issuer)
    const owner = audiences.length === 0 ? undefined : await apiKeys.ownerOf(key)
    if (owner === undefined) return inactive
    return {
      active: true,
      iss: issuer,
      sub: key.ownerId,
      ...(await usernameMember(key.ownerId)),
      aud: audiences,
      ...scopeMember(narrowToKey(undefined, key, owner, undefined)),
      iat: toSeconds(key.createdAtMs),
      ...(key.expiresAtMs !== null && { exp: toSeconds(key.expiresAtMs) }),
      api_key_id: key.id,
    }
  }

  return async request => {
    const client = await authenticateClient(request)
    if (client.isPublic) throw invalidClient()
    const { token } = needed(request.parameters, 'token')
    const refreshToken = parseRefreshToken(token)
    if (refreshToken !== undefined) return ofRefreshToken(refreshToken, client)
    const key = parseApiKey(token)
    return key === undefined ? ofAccessToken(token, client) : ofApiKey(key, client)
  }
}
