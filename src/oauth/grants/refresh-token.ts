/** Refreshing an access token (RFC 6749 §6), with rotation (RFC 9700 §4.14.2) that a lost response does not break. */
import type { Clock } from '../../clock.ts'
import type { Randomness } from '../../randomness.ts'
import type { Provenance } from '../../records/audit-event.ts'
import type { RefreshFamily, Rotation, SessionReader } from '../../records/session.ts'
import type { Write } from '../../records/unit-of-work.ts'
import type { UserReader } from '../../records/user.ts'
import type { Authorization, Grant } from '../authorization.ts'
import type { AuthenticatedClient, ClientRequest } from '../client-authentication/client-authentication.ts'
import { invalidRequest, OAuthError } from '../oauth-error.ts'
import { assertWithin, narrowScope, selectAudience } from '../scope.ts'
import { REFRESH_TOKEN } from '../sessions/new-session.ts'
import { hashOf, judgeUse, parseRefreshToken, successorOf } from '../sessions/refresh-token.ts'
import type { SessionWriter } from '../sessions/session-writer.ts'

/** What is stored of the token that is presented. */
type Hashes = Pick<Rotation, 'handleHash' | 'currentHash'>

const refusal = new OAuthError('invalid_grant', 'The refresh token is unknown, expired, revoked or was already used.')

/** What a thief who comes late looks like. */
const usedAfterEnd = ({ id, userId, clientId }: RefreshFamily, provenance: Provenance) => ({
  ...({ type: 'session.refresh', outcome: 'failure', reason: 'session_over' } as const),
  ...{ userId, clientId, sessionId: id, provenance },
})

export function createRefreshTokenGrant(dependencies: {
  readonly sessionReader: SessionReader
  readonly users: UserReader
  readonly sessionWriter: SessionWriter
  readonly write: Write
  readonly clock: Clock
  readonly randomness: Randomness
  /** Seconds. */
  readonly refreshIdleTtl: number
  readonly refreshGrace: number
}): Grant {
  const { sessionReader, users, sessionWriter, write, clock, randomness, refreshIdleTtl, refreshGrace } = dependencies

  /** The family that the token belongs to, alive; a token that two parties hold ends it. */
  async function findFamily(presented: Hashes, client: AuthenticatedClient, { provenance }: ClientRequest) {
    const family = await sessionReader.findByHandleHash(presented.handleHash)
    // Another client's token, known or not: nothing happens.
    if (family === undefined || family.clientId !== client.id) throw refusal
    const use = judgeUse(family, presented.currentHash, clock.now(), refreshGrace * 1000)
    if (use === 'reuse') await write(stores => sessionWriter.endForReuse(stores, family, provenance))
    if (use === 'ended') await write(stores => stores.audit.append(usedAfterEnd(family, provenance)))
    if (use === 'reuse' || use === 'ended') throw refusal
    return family
  }

  function rotationOf(
    presented: Hashes,
    next: Pick<Rotation, 'nextHash' | 'salt'>,
    family: RefreshFamily,
    { address, userAgent }: Provenance,
  ): Rotation {
    const nowMs = clock.now()
    return {
      ...presented,
      ...next,
      address,
      userAgent,
      clientId: family.clientId,
      nowMs,
      expiresAtMs: Math.min(nowMs + refreshIdleTtl * 1000, family.absoluteExpiresAtMs),
    }
  }

  return {
    grantType: REFRESH_TOKEN,
    async authorize(request, client): Promise<Authorization> {
      const { scope, resource, provenance } = request
      const token = request.parameters['refresh_token']
      if (token === undefined) throw invalidRequest('refresh_token is needed.')
      const presented = parseRefreshToken(token)
      if (presented === undefined) throw refusal
      const hashes = { handleHash: hashOf(presented.handle), currentHash: hashOf(presented.secret) }
      const family = await findFamily(hashes, client, request)
      assertWithin(family.scope, scope)
      const allowed = family.audiences.filter(audience => client.audiences.includes(audience))
      const audience = selectAudience(allowed, resource)
      // After the family: what is taken away from now on is noticed when it is rotated.
      const roles = await users.rolesOf(family.userId)
      const granted = narrowScope(scope, [client.scope, family.scope], roles)
      const salt = randomness.bytes(16).toString('base64url')
      const next = successorOf(presented, salt)
      const rotation = rotationOf(hashes, { nextHash: hashOf(next.secret), salt }, family, provenance)
      return {
        client,
        subject: { kind: 'user', userId: family.userId, roles, checkedPasswordId: undefined },
        granted,
        audience,
        change: { kind: 'rotate', family, rotation, presented, next },
        refusal,
        provenance,
      }
    },
  }
}
