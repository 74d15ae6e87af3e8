/** The token endpoint (RFC 6749 §3.2). */
import type { Authorization, Grant } from './authorization.ts'
import type { AuthenticatedClient, ClientRequest } from './client-authentication.ts'
import { invalidRequest, OAuthError } from './oauth-error.ts'
import type { TokenResponse } from './token-issuer.ts'

export interface TokenRequest extends ClientRequest {
  /** Told as soon as the client has proved who it is, for the log. */
  readonly onClient: (clientId: string) => void
}

function assertGrantAllowed(client: AuthenticatedClient, grant: Grant): void {
  if (client.grants.includes(grant.grantType)) return
  throw new OAuthError('unauthorized_client', 'This client may not use this grant type.')
}

/** @throws OAuthError every code of RFC 6749 §5.2, invalid_target (RFC 8707 §2) */
export function createTokenEndpoint(dependencies: {
  readonly authenticateClient: (request: ClientRequest) => Promise<AuthenticatedClient>
  readonly grants: readonly Grant[]
  readonly issueTokens: (authorization: Authorization) => Promise<TokenResponse>
}): (request: TokenRequest) => Promise<TokenResponse> {
  const { authenticateClient, grants, issueTokens } = dependencies

  function grantFor(grantType: string | undefined): Grant {
    if (grantType === undefined) throw invalidRequest('grant_type is missing.')
    const grant = grants.find(candidate => candidate.grantType === grantType)
    if (grant === undefined) throw new OAuthError('unsupported_grant_type', 'This grant type is not supported.')
    return grant
  }

  return async request => {
    const client = await authenticateClient(request) // §2.3
    request.onClient(client.clientId)
    const grant = grantFor(request.parameters['grant_type']) // §4
    assertGrantAllowed(client, grant) // §5.2 unauthorized_client
    const authorization = await grant.authorize(request, client) // §4.3, §6
    return issueTokens(authorization) // §5.1
  }
}
