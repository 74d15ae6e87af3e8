/** Token revocation (RFC 7009). It is durable when the answer comes; until then, nothing has happened. */
import type { Clock } from '../clock.ts'
import { parseApiKey } from '../records/api-key.ts'
import type { Provenance, RecordEvent } from '../records/audit-event.ts'
import { isClient } from '../records/client.ts'
import { hashOf } from '../records/opaque-token.ts'
import type { StoredSession } from '../records/session.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import { isHeld, sessionOf, statusReferenceOf, type VerifyAccessToken } from './access-token-verification.ts'
import type { ApiKeysInUse } from './api-keys.ts'
import type {
  AuthenticateClient,
  AuthenticatedClient,
  ClientRequest,
} from './client-authentication/client-authentication.ts'
import { needed } from './form.ts'
import { OAuthError, TemporarilyUnavailable } from './oauth-error.ts'
import { auditRefusal } from './refusals.ts'
import { parseRefreshToken } from './sessions/refresh-token.ts'
import type { SessionEnds } from './sessions/session-ends.ts'

/** How an API key is revoked; it is handed in. */
interface KeyRevocation {
  readonly reason: string
  readonly by: Provenance
  /** Of the client that presented it. */
  readonly clientId: string
}

/** Between two fresh indices that a session gets because an access token of it was revoked. */
const BETWEEN_FRESH_INDICES_MS = 60_000

/** §2.1: a token of another client is refused, and nothing happens to it. */
const anotherClients = (): OAuthError => new OAuthError('invalid_grant', 'The token was issued to another client.')

/**
 * Revokes a refresh token with its session, an access token with its siblings, or an API key. What is unknown, expired or no token at
 * all needs no revocation, and is no error (§2.2). The form of a token says what it is: `token_type_hint` is ignored, as §2.1 allows.
 * @throws OAuthError invalid_request, invalid_client, invalid_grant
 * @throws StorageUnavailable when the revocation could not be written, or it is not known whether the token is one of ours
 * @throws TemporarilyUnavailable when an access token of the same session was revoked less than a minute ago (§2.2.1)
 */
export function createRevocationEndpoint(dependencies: {
  readonly authenticateClient: AuthenticateClient
  readonly verifyAccessToken: VerifyAccessToken
  readonly apiKeys: Pick<ApiKeysInUse, 'find'>
  readonly revokeApiKey: (id: string, revocation: KeyRevocation) => Promise<unknown>
  readonly ends: SessionEnds
  readonly write: Write
  readonly recordEvent: RecordEvent
  readonly clock: Clock
}): (request: ClientRequest) => Promise<void> {
  const { authenticateClient, verifyAccessToken, apiKeys, revokeApiKey, ends, write, recordEvent, clock } = dependencies

  /** One who revokes and asks again in a loop would use up the list for everybody. */
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

  /** It ends with its siblings; whoever has a refresh token, or a credential, gets the next one with a fresh index. */
  async function takeIndex(
    stores: Stores,
    session: StoredSession,
    reference: ReturnType<typeof statusReferenceOf>,
    by: Provenance,
  ): Promise<void> {
    assertNotTakenJustNow(session)
    const { id: sessionId, subjectId, clientId } = session
    if (!(await ends.takeFromSession(stores, sessionId, reference))) return
    const who = { ...(isClient(subjectId) ? {} : { userId: subjectId }), clientId, sessionId }
    await stores.audit.append({ type: 'access_token.revoke', outcome: 'success', ...who, provenance: by })
  }

  async function revokeAccessToken(token: string, clientId: string, { provenance }: ClientRequest): Promise<void> {
    const claims = await verifyAccessToken(token)
    if (claims === undefined) return
    await write(async stores => {
      const session = await sessionOf(stores.sessions, claims)
      if (session === undefined) return
      if (session.clientId !== clientId) throw anotherClients()
      const reference = statusReferenceOf(claims)
      if (session.endedAtMs !== null || !isHeld(session.held, reference)) return
      const { id: sessionId, subjectId, credentialId } = session
      if (session.canRefresh || credentialId !== null) await takeIndex(stores, session, reference, provenance)
      else await ends.end(stores, { sessionId, subjectId, clientId }, 'token_revoked', provenance)
    })
  }

  async function revoke(token: string, client: AuthenticatedClient, request: ClientRequest): Promise<void> {
    const refreshToken = parseRefreshToken(token)
    if (refreshToken !== undefined) return revokeSession(refreshToken.handle, client.id, request)
    const presentedKey = parseApiKey(token)
    if (presentedKey === undefined) return revokeAccessToken(token, client.id, request)
    // Whoever found a key may stop it, whichever client it came through.
    const key = await apiKeys.find(presentedKey)
    const { provenance: by } = request
    if (key !== undefined) await revokeApiKey(key.id, { reason: 'token_revoked', by, clientId: client.id })
  }

  return async request => {
    const client = await authenticateClient(request)
    const { token } = needed(request.parameters, 'token')
    const refused = { type: 'access_token.revoke', clientId: client.id, provenance: request.provenance } as const
    await revoke(token, client, request).catch(error => auditRefusal(recordEvent, refused, error))
  }
}
