/** Token revocation (RFC 7009). It is durable when the answer comes; until then, nothing has happened. */
import type { Write } from '../records/unit-of-work.ts'
import { isHeld, statusReferenceOf, type VerifyAccessToken } from './access-token-verification.ts'
import type { AuthenticateClient, ClientRequest } from './client-authentication/client-authentication.ts'
import { invalidRequest, OAuthError } from './oauth-error.ts'
import { hashOf, parseRefreshToken } from './sessions/refresh-token.ts'
import type { SessionWriter } from './sessions/session-writer.ts'

/** §2.1: a token of another client is refused, and nothing happens to it. */
const anotherClients = (): OAuthError => new OAuthError('invalid_grant', 'The token was issued to another client.')

/**
 * Revokes a refresh token with its session, or an access token with its siblings. What is unknown, expired or no token at all needs
 * no revocation, and is no error (§2.2). The form of a token says what it is: `token_type_hint` is ignored, as §2.1 allows.
 * @throws OAuthError invalid_request, invalid_client, invalid_grant
 * @throws StorageUnavailable when the revocation could not be written
 */
export function createRevocationEndpoint(dependencies: {
  readonly authenticateClient: AuthenticateClient
  readonly verifyAccessToken: VerifyAccessToken
  readonly sessionWriter: SessionWriter
  readonly write: Write
}): (request: ClientRequest) => Promise<void> {
  const { authenticateClient, verifyAccessToken, sessionWriter, write } = dependencies

  /** Whichever generation is presented: only who was given the family knows its handle. */
  const revokeSession = (handle: string, clientId: string, { provenance }: ClientRequest) =>
    write(async stores => {
      const family = await stores.sessions.findByHandleHash(hashOf(handle))
      if (family === undefined) return
      if (family.clientId !== clientId) throw anotherClients()
      const filter = { sessionId: family.id, userId: family.userId, clientId }
      await sessionWriter.end(stores, filter, 'token_revoked', provenance)
    })

  async function revokeAccessToken(token: string, clientId: string, { provenance }: ClientRequest): Promise<void> {
    const claims = await verifyAccessToken(token)
    if (claims === undefined) return
    await write(async stores => {
      const session = await stores.sessions.find(claims.sid)
      if (session === undefined) return
      if (session.clientId !== clientId) throw anotherClients()
      if (session.endedAtMs !== null || !isHeld(session.held, statusReferenceOf(claims))) return
      const who = { userId: session.userId, clientId, sessionId: session.id }
      if (!session.canRefresh) {
        await sessionWriter.end(stores, who, 'token_revoked', provenance)
        return
      }
      await sessionWriter.endAccessTokens(stores, [who])
      await stores.audit.append({ type: 'access_token.revoke', outcome: 'success', ...who, provenance })
    })
  }

  return async request => {
    const client = await authenticateClient(request)
    const { token } = request.parameters
    if (token === undefined) throw invalidRequest('The parameter token is missing.')
    const refreshToken = parseRefreshToken(token)
    if (refreshToken !== undefined) await revokeSession(refreshToken.handle, client.id, request)
    else await revokeAccessToken(token, client.id, request)
  }
}
