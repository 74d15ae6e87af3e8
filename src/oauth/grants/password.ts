/** Resource owner password credentials (RFC 6749 §4.3). Off unless a client is given it; RFC 9700 §2.4 says why. */
import type { Provenance, RecordEvent } from '../../records/audit-event.ts'
import type { Role } from '../../records/role.ts'
import type { UserReader } from '../../records/user.ts'
import type { Authorization, Grant, TokenRequest } from '../authorization.ts'
import type { AuthenticatedClient } from '../client-authentication/client-authentication.ts'
import { audited, invalidRequest } from '../oauth-error.ts'
import { auditRefusal } from '../refusals.ts'
import { assertClientMayHave, type Granted, narrowToRoles, selectAudience, usableAt, within } from '../scope.ts'
import type { StartSession } from '../sessions/new-session.ts'

interface SignedIn {
  readonly userId: string
  /** The password that was checked. */
  readonly passwordId: string
}

interface SignIn {
  /** Checks a username and a password; undefined for every way in which they can be wrong. */
  check(attempt: {
    username: string
    password: string
    clientId: string
    isConfidential: boolean
    provenance: Provenance
  }): Promise<SignedIn | undefined>
  /** Whether what was checked a moment ago is still so; if not, the audit says why. */
  isStillGood(signedIn: SignedIn, of: { clientId: string; provenance: Provenance }): Promise<boolean>
}

const refusal = audited('invalid_grant', 'The username or the password is wrong.')

export function createPasswordGrant(dependencies: {
  readonly issuer: string
  readonly signIn: SignIn
  readonly users: UserReader
  readonly recordEvent: RecordEvent
  readonly startSession: StartSession
}): Grant {
  const { issuer, signIn, users, recordEvent, startSession } = dependencies

  /** The password was right, and the audit says so even when the scope is refused: a guesser must not learn it unseen. */
  async function grantTo(
    userId: string,
    client: AuthenticatedClient,
    { scope: asked, provenance }: TokenRequest,
    audience: string,
  ): Promise<{ granted: Granted; roles: readonly Role[] }> {
    const roles = await users.rolesOf(userId)
    try {
      return { granted: narrowToRoles(asked, [within(client.scope), usableAt(audience, issuer)], roles), roles }
    } catch (error) {
      const refused = { type: 'user.sign_in', userId, clientId: client.id, provenance } as const
      return auditRefusal(recordEvent, refused, error)
    }
  }

  return {
    grantType: 'password',
    async authorize(request, client): Promise<Authorization> {
      const { parameters, scope, resource, provenance, prove } = request
      const { username, password } = parameters
      if (username === undefined || password === undefined) throw invalidRequest('username and password are needed.')
      assertClientMayHave(client.scope, scope)
      const audience = selectAudience(client.audiences, resource)
      const who = { clientId: client.id, isConfidential: !client.isPublic, provenance }
      const signedIn = await prove('password', () => signIn.check({ username, password, ...who }))
      if (signedIn === undefined || !(await signIn.isStillGood(signedIn, who))) throw refusal
      const { userId, passwordId } = signedIn
      const { granted, roles } = await grantTo(userId, client, request, audience)
      return {
        client,
        granted,
        audience,
        change: {
          kind: 'start',
          asRead: { passwordId, roles },
          ...startSession({ userId, client, scope: granted.scope, audience }),
        },
        provenance,
      }
    },
  }
}
