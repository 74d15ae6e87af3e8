/** The token endpoint (RFC 6749 §3.2). */
import { StorageUnavailable } from '../records/unit-of-work.ts'
import type { Grant } from './authorization.ts'
import type {
  AuthenticateClient,
  AuthenticatedClient,
  ClientRequest,
} from './client-authentication/client-authentication.ts'
import { invalidRequest, OAuthError } from './oauth-error.ts'
import type { IssueTokens, TokenResponse } from './token-issuer.ts'

function assertGrantAllowed(client: AuthenticatedClient, grant: Grant): void {
  if (client.grants.includes(grant.grantType)) return
  throw new OAuthError('unauthorized_client', 'This client may not use this grant type.')
}

const MOST_ATTEMPTS = 5

/** @throws OAuthError every code of RFC 6749 §5.2, invalid_target (RFC 8707 §2) */
export function createTokenEndpoint(dependencies: {
  readonly authenticateClient: AuthenticateClient
  readonly grants: readonly Grant[]
  readonly issueTokens: IssueTokens
}): (request: ClientRequest) => Promise<TokenResponse> {
  const { authenticateClient, grants, issueTokens } = dependencies

  function grantFor(grantType: string | undefined): Grant {
    if (grantType === undefined) throw invalidRequest('grant_type is missing.')
    const grant = grants.find(candidate => candidate.grantType === grantType)
    if (grant === undefined) throw new OAuthError('unsupported_grant_type', 'This grant type is not supported.')
    return grant
  }

  return async request => {
    const client = await authenticateClient(request) // §2.3
    const grant = grantFor(request.parameters['grant_type']) // §4
    assertGrantAllowed(client, grant) // §5.2 unauthorized_client
    // Again when rights or tokens were taken away while this was signed: rare, unless somebody keeps doing it.
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      const authorization = await grant.authorize(request, client) // §4.3, §6
      const response = await issueTokens(authorization) // §5.1
      if (response !== undefined) return response
    }
    throw new StorageUnavailable('What the token depends on changes faster than it can be signed.')
  }
}
