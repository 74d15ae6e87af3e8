/** Client credentials (RFC 6749 §4.4): a client asks for itself. */
import type { SessionReader } from '../../records/session.ts'
import type { Authorization, Grant } from '../authorization.ts'
import type { AssertionProofs } from '../client-authentication/assertion-proof.ts'
import { OAuthError } from '../oauth-error.ts'
import { Moved } from '../proofs.ts'
import { namedIn, narrow, selectAudience, usableAt } from '../scope.ts'
import type { UseMachineSession } from '../sessions/machine-session.ts'

export function createClientCredentialsGrant(dependencies: {
  readonly issuer: string
  readonly sessionReader: Pick<SessionReader, 'findByCredential'>
  readonly useMachineSession: UseMachineSession
  readonly isIssuerAsRead: AssertionProofs['isIssuerAsRead']
}): Grant {
  const { issuer, sessionReader, useMachineSession, isIssuerAsRead } = dependencies

  return {
    grantType: 'client_credentials',
    async authorize({ scope, resource, provenance }, client): Promise<Authorization> {
      const { id: clientId, credentialId, provedUntilMs, assertion, revision } = client
      // §4.4: only confidential clients; such a public one can't be made any more.
      if (credentialId === undefined)
        throw new OAuthError('unauthorized_client', 'A public client can not ask for itself.')
      const audience = selectAudience(client.audiences, resource)
      const granted = { scope: narrow(scope, namedIn(client.scope), [usableAt(audience, issuer)]), roles: undefined }
      const row = await sessionReader.findByCredential(credentialId, clientId)
      // After the row, never before it: who changes the issuer raises the row's revision then, which is noticed.
      if (assertion !== undefined && !(await isIssuerAsRead(assertion))) throw new Moved('The issuer has changed.')
      // Of an assertion it is the key or the trust that works, for as long as the client has it.
      const worksUntilMs = assertion === undefined ? provedUntilMs : Number.POSITIVE_INFINITY
      const asRead = { revision, issuer: assertion?.issuer }
      const use = { credentialId, worksUntilMs, subjectId: clientId, asRead, clientId }
      return { client, granted, audience, change: useMachineSession(row, use), provenance }
    },
  }
}
