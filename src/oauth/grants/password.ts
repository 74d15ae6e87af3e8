/** Resource owner password credentials (RFC 6749 §4.3). Off unless a client is given it; RFC 9700 §2.4 says why. */
import type { Provenance, RecordEvent } from '../../records/audit-event.ts'
import type { Role } from '../../records/role.ts'
import type { Authorization, Grant, TokenRequest } from '../authorization.ts'
import type { AuthenticatedClient } from '../client-authentication/client-authentication.ts'
import { needed } from '../form.ts'
import { audited } from '../oauth-error.ts'
import { auditRefusal } from '../refusals.ts'
import { assertClientMayHave, type Granted, narrowToRoles, selectAudience, usableAt, within } from '../scope.ts'
import type { StartSession } from '../sessions/new-session.ts'

interface SignedIn {
  readonly userId: string
  /** The password that was checked. */
  readonly passwordId: string
  readonly roles: readonly Role[]
}

interface Attempt {
  readonly username: string
  readonly password: string
  readonly clientId: string
  readonly isConfidential: boolean
  readonly provenance: Provenance
  readonly answersAfter: TokenRequest['answersAfter']
}

interface SignIn {
  /** Checks a username and a password; undefined for every way in which they can be wrong. */
  check(attempt: Attempt): Promise<SignedIn | undefined>
  /** What was checked a moment ago, as it is now; undefined when it is no longer good, and the audit says why. */
  again(signedIn: SignedIn, of: Attempt): Promise<SignedIn | undefined>
}

const refusal = audited('invalid_grant', 'The username or the password is wrong.')

/** Who signs in through a server has the server's address, unless that tells theirs. Anybody can be a public client. */
function provenanceOf(request: TokenRequest, { isPublic, forwardsAddress }: AuthenticatedClient): Provenance {
  const { provenance, forwardedAddress } = request
  const address = isPublic || forwardsAddress === null ? undefined : forwardedAddress(forwardsAddress)
  return address === undefined ? provenance : { ...provenance, address, forwardedBy: provenance.address }
}

export function createPasswordGrant(dependencies: {
  readonly issuer: string
  readonly signIn: SignIn
  readonly recordEvent: RecordEvent
  readonly startSession: StartSession
}): Grant {
  const { issuer, signIn, recordEvent, startSession } = dependencies

  /** What the write asks again is read once: again only by a request that runs again. */
  async function prove(request: TokenRequest, attempt: Attempt): Promise<SignedIn> {
    let isChecked = false
    const checked = await request.prove('password', () => {
      isChecked = true
      return signIn.check(attempt)
    })
    const signedIn = checked === undefined || isChecked ? checked : await signIn.again(checked, attempt)
    if (signedIn === undefined) throw refusal
    return signedIn
  }

  /** The password was right, and the audit says so even when the scope is refused: a guesser must not learn it unseen. */
  function grantTo(
    { userId, roles }: SignedIn,
    client: AuthenticatedClient,
    asked: TokenRequest['scope'],
    audience: string,
    provenance: Provenance,
  ): Granted {
    try {
      return narrowToRoles(asked, [within(client.scope), usableAt(audience, issuer)], roles)
    } catch (error) {
      const refused = { type: 'user.sign_in', userId, clientId: client.id, provenance } as const
      return auditRefusal(recordEvent, refused, error)
    }
  }

  return {
    grantType: 'password',
    async authorize(request, client): Promise<Authorization> {
      const { parameters, scope, resource, answersAfter } = request
      const { username, password } = needed(parameters, 'username', 'password')
      const provenance = provenanceOf(request, client)
      assertClientMayHave(client.scope, scope)
      const audience = selectAudience(client.audiences, resource)
      const who = { clientId: client.id, isConfidential: !client.isPublic, provenance, answersAfter }
      const signedIn = await prove(request, { username, password, ...who })
      const { userId, passwordId, roles } = signedIn
      const granted = grantTo(signedIn, client, scope, audience, provenance)
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
