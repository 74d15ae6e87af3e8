/** Token revocation (RFC 7009). It is durable when the answer comes; until then, nothing has happened. */
import type { Clock } from '../clock.ts'
import type { StoredSession } from '../records/session.ts'
import type { Write } from '../records/unit-of-work.ts'
import { isHeld, statusReferenceOf, type VerifyAccessToken } from './access-token-verification.ts'
import type { AuthenticateClient, ClientRequest } from './client-authentication/client-authentication.ts'
import { invalidRequest, OAuthError, TemporarilyUnavailable } from './oauth-error.ts'
import { hashOf, parseRefreshToken } from './sessions/refresh-token.ts'
import type { SessionEnds } from './sessions/session-ends.ts'

/** Between two fresh indices that a session gets because an access token of it was revoked. */
const BETWEEN_FRESH_INDICES_MS = 60_000

/** §2.1: a token of another client is refused, and nothing happens to it. */
const anotherClients = (): OAuthError => new OAuthError('invalid_grant', 'The token was issued to another client.')

/**
 * Revokes a refresh token with its session, or an access token with its siblings. What is unknown, expired or no token at all needs
 * no revocation, and is no error (§2.2). The form of a token says what it is: `token_type_hint` is ignored, as §2.1 allows.
 * @throws OAuthError invalid_request, invalid_client, invalid_grant
 * @throws StorageUnavailable when the revocation could not be written
 * @throws TemporarilyUnavailable when an access token of the same session was revoked less than a minute ago (§2.2.1)
 */
export function createRevocationEndpoint(dependencies: {
  readonly authenticateClient: AuthenticateClient
  readonly verifyAccessToken: VerifyAccessToken
  readonly ends: SessionEnds
  readonly write: Write
  readonly clock: Clock
}): (request: ClientRequest) => Promise<void> {
  const { authenticateClient, verifyAccessToken, ends, write, clock } = dependencies

  /** One who revokes and refreshes in a loop would use up the list for everybody. */
  function assertNotTakenJustNow({ takenAtMs }: StoredSession): void {
    const waitMs = (takenAtMs ?? Number.NEGATIVE_INFINITY) + BETWEEN_FRESH_INDICES_MS - clock.now()
    // A clock that was set back makes nobody wait for longer.
    if (waitMs <= 0 || waitMs > BETWEEN_FRESH_INDICES_MS) return
    const message = 'An access token of this session was revoked less than a minute ago.'
    throw new TemporarilyUnavailable(message, Math.ceil(waitMs / 1000))
  }

  /** Whichever generation is presented: only who was given the family knows its handle. */
  const revokeSession = (handle: string, clientId: string, { provenance }: ClientRequest) =>
    write(async stores => {
      const session = await stores.sessions.findByHandle(hashOf(handle))
      if (session === undefined) return
      if (session.clientId !== clientId) throw anotherClients()
      const filter = { sessionId: session.id, subjectId: session.subjectId, clientId }
      await ends.end(stores, filter, 'token_revoked', provenance)
    })

  async function revokeAccessToken(token: string, clientId: string, { provenance }: ClientRequest): Promise<void> {
    const claims = await verifyAccessToken(token)
    if (claims === undefined) return
    await write(async stores => {
      const session = await stores.sessions.find(claims.sid)
      if (session === undefined) return
      if (session.clientId !== clientId) throw anotherClients()
      const reference = statusReferenceOf(claims)
      if (session.endedAtMs !== null || !isHeld(session.held, reference)) return
      const { id: sessionId, subjectId } = session
      if (!session.canRefresh) {
        await ends.end(stores, { sessionId, subjectId, clientId }, 'token_revoked', provenance)
        return
      }
      assertNotTakenJustNow(session)
      if (!(await ends.takeFromSession(stores, sessionId, reference))) return
      const who = { userId: subjectId, clientId, sessionId }
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
