/** Client credentials (RFC 6749 §4.4): a client asks for itself. */
import type { SessionReader } from '../../records/session.ts'
import type { Authorization, Grant } from '../authorization.ts'
import { OAuthError } from '../oauth-error.ts'
import { namedIn, narrow, selectAudience, usableAt } from '../scope.ts'
import type { UseMachineSession } from '../sessions/machine-session.ts'

export function createClientCredentialsGrant(dependencies: {
  readonly issuer: string
  readonly sessionReader: Pick<SessionReader, 'findByCredential'>
  readonly useMachineSession: UseMachineSession
}): Grant {
  const { issuer, sessionReader, useMachineSession } = dependencies

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
      // Of an assertion it is the key or the trust that works, for as long as the client has it.
      const worksUntilMs = assertion === undefined ? provedUntilMs : Number.POSITIVE_INFINITY
      const asRead = { revision, issuer: assertion?.issuer }
      const use = { credentialId, worksUntilMs, subjectId: clientId, asRead, clientId }
      return { client, granted, audience, change: useMachineSession(row, use), provenance }
    },
  }
}
