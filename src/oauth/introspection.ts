/** Token introspection (RFC 7662): for whom offline verification is not enough. What is stored wins over what a token claims. */
import type { Clock } from '../clock.ts'
import type { SessionReader } from '../records/session.ts'
import type { UserReader } from '../records/user.ts'
import type { AccessTokenClaims, FindLiveAccessToken, HaveGoodStanding } from './access-token-verification.ts'
import type {
  AuthenticateClient,
  AuthenticatedClient,
  ClientRequest,
} from './client-authentication/client-authentication.ts'
import { invalidClient, invalidRequest } from './oauth-error.ts'
import { narrowScope } from './scope.ts'
import { REFRESH_TOKEN } from './sessions/new-session.ts'
import { hashOf, judgeUse, parseRefreshToken, type RefreshToken } from './sessions/refresh-token.ts'

/** §2.2 */
export type Introspection =
  | { readonly active: false }
  | ({ readonly active: true; readonly token_type: 'Bearer'; readonly scope?: string } & Omit<
      AccessTokenClaims,
      'scope' | 'status'
    >)
  | {
      readonly active: true
      readonly iss: string
      readonly sub: string
      readonly client_id: string
      readonly scope?: string
      readonly iat: number
      readonly exp: number
      readonly sid: string
    }

/** One answer for everything that the caller may not know about (§2.2): the token, and whether there is one. */
const inactive: Introspection = { active: false }

const scopeMember = (scope: readonly string[]) => (scope.length > 0 ? { scope: scope.join(' ') } : {})

/**
 * Answers about access tokens whose audience the client was given to introspect, and about its own refresh tokens.
 * @throws OAuthError invalid_request, invalid_client (public clients, too: they can't prove who asks)
 */
export function createIntrospectionEndpoint(dependencies: {
  readonly issuer: string
  readonly authenticateClient: AuthenticateClient
  readonly findLiveAccessToken: FindLiveAccessToken
  readonly haveGoodStanding: HaveGoodStanding
  readonly sessionReader: SessionReader
  readonly users: UserReader
  readonly clock: Clock
  /** Seconds. */
  readonly refreshGrace: number
}): (request: ClientRequest) => Promise<Introspection> {
  const {
    issuer,
    authenticateClient,
    findLiveAccessToken,
    haveGoodStanding,
    sessionReader,
    users,
    clock,
    refreshGrace,
  } = dependencies

  async function ofAccessToken(token: string, client: AuthenticatedClient): Promise<Introspection> {
    const live = await findLiveAccessToken(token)
    if (live === undefined || !client.introspect.includes(live.claims.aud)) return inactive
    const { status: _, scope = '', roles, ...claims } = live.claims
    // A permission that was taken away since is in the token, and no longer in the answer.
    const now = narrowScope(undefined, [scope.split(' ')], await users.rolesOf(live.session.subjectId))
    return {
      active: true,
      token_type: 'Bearer',
      ...claims,
      ...scopeMember(now.scope),
      ...(roles && { roles: roles.filter(role => now.roles.includes(role)) }),
    }
  }

  async function ofRefreshToken({ handle, secret }: RefreshToken, client: AuthenticatedClient): Promise<Introspection> {
    const family = await sessionReader.findFamily(hashOf(handle))
    if (family === undefined || family.clientId !== client.id) return inactive
    const use = judgeUse(family, hashOf(secret), clock.now(), refreshGrace * 1000)
    const mayRefresh = client.grants.includes(REFRESH_TOKEN) && (use === 'current' || use === 'repeat')
    const isGood = mayRefresh && (await haveGoodStanding({ userId: family.subjectId, clientId: family.clientId }))
    if (!isGood) return inactive
    // As much as a refresh would give.
    const now = narrowScope(undefined, [client.scope, family.scope], family.subjectRoles)
    return {
      active: true,
      iss: issuer,
      sub: family.subjectId,
      client_id: client.clientId,
      ...scopeMember(now.scope),
      iat: family.authTimeSeconds,
      exp: Math.floor(family.expiresAtMs / 1000),
      sid: family.id,
    }
  }

  return async request => {
    const client = await authenticateClient(request)
    if (client.isPublic) throw invalidClient()
    const { token } = request.parameters
    if (token === undefined) throw invalidRequest('The parameter token is missing.')
    const refreshToken = parseRefreshToken(token)
    return refreshToken === undefined ? ofAccessToken(token, client) : ofRefreshToken(refreshToken, client)
  }
}
