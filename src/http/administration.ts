/** Who asks at /admin: with which token, for what, and how long ago a person proved to be it. What it may do is decided in accounts/. */
import type { FastifyRequest } from 'fastify'
import { assertMay, type By, type Standings } from '../accounts/authority.ts'
import type { Clock } from '../clock.ts'
import type { LiveAccessToken } from '../oauth/access-token-verification.ts'
import { isApiKeyId } from '../records/api-key.ts'
import { actorOf } from '../records/audit-event.ts'
import type { OwnPermission } from '../records/role.ts'
import { type AuthenticateBearer, assertSignedInJustNow, insufficientScope, noApiKeys } from './bearer.ts'
import { provenanceOf } from './provenance.ts'

export interface Administration {
  /** @throws HttpError, AccountError beyond_authority: before anything is read for the answer */
  readonly mayRead: (request: FastifyRequest, permission: OwnPermission) => Promise<By>
  /** A person has signed in within the last 30 minutes (RFC 9470). The act asks again inside its write. */
  readonly mayWrite: (request: FastifyRequest, permission: OwnPermission) => Promise<By>
}

export function createAdministration(dependencies: {
  readonly authenticate: AuthenticateBearer
  readonly standings: Standings
  readonly clock: Clock
}): Administration {
  const { authenticate, standings, clock } = dependencies

  async function admit(request: FastifyRequest, permission: OwnPermission) {
    const live = await authenticate(request)
    const { subjectId, credentialId } = live.session
    if (credentialId !== null && isApiKeyId(credentialId)) throw noApiKeys()
    const scope = (live.claims.scope ?? '').split(' ')
    if (!scope.includes(permission)) throw insufficientScope(permission)
    const by = byOf(request, live, { subjectId, scope, permission })
    await assertMay(standings, by)
    return { live, by }
  }

  return {
    mayRead: async (request, permission) => (await admit(request, permission)).by,
    async mayWrite(request, permission) {
      const { live, by } = await admit(request, permission)
      if (live.session.credentialId === null) assertSignedInJustNow(live, clock)
      return by
    },
  }
}

/** In the audit the event's user is whom the act is about: who did it is the actor. */
function byOf(request: FastifyRequest, { session }: LiveAccessToken, caller: NonNullable<By['caller']>): By {
  return { ...provenanceOf(request), actor: actorOf(session.subjectId), caller }
}
