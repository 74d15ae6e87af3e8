/** The token endpoint (RFC 6749 §3.2). */
import type { RecordEvent } from '../records/audit-event.ts'
import type { Authorization, Grant, TokenRequest } from './authorization.ts'
import type {
  AuthenticateClient,
  AuthenticatedClient,
  ClientRequest,
} from './client-authentication/client-authentication.ts'
import { needed } from './form.ts'
import type { AssertWithinLimits } from './grant-limits.ts'
import { OAuthError, TemporarilyUnavailable } from './oauth-error.ts'
import { Moved } from './proofs.ts'
import { auditRefusal } from './refusals.ts'
import { parseResource, parseScope } from './scope.ts'
import type { IssueTokens, TokenResponse } from './token-issuer.ts'

type AnswersAfter = TokenRequest['answersAfter']

function assertGrantAllowed(client: AuthenticatedClient, grant: Grant): void {
  if (!client.grants.includes(grant.grantType))
    throw new OAuthError('unauthorized_client', 'This client may not use this grant type.')
}

const parse = (request: ClientRequest, answersAfter: AnswersAfter): TokenRequest => ({
  ...request,
  answersAfter,
  scope: parseScope(request.parameters['scope']),
  resource: parseResource(request.parameters['resource']),
})

/**
 * Of many uses of one refresh token at once, a request may lose the rotation to another, then its index to a revocation, and then the
 * fresh index to another again.
 */
const MOST_ATTEMPTS = 4

/** A request runs again from the first when what it read was changed meanwhile: rare, unless somebody keeps doing that. */
function assertMayRunAgain(error: unknown, attempts: number): void {
  if (!(error instanceof Moved)) throw error
  if (attempts === MOST_ATTEMPTS)
    throw new TemporarilyUnavailable('What the token depends on changes faster than it can be signed.')
}

/**
 * @throws OAuthError every code of RFC 6749 §5.2, invalid_target (RFC 8707 §2)
 * @throws TooManyAttempts when the client, or the subject through it, was issued as much as it may be in a minute
 * @throws TemporarilyUnavailable when what was read changes again and again
 * @throws StorageUnavailable
 */
export function createTokenEndpoint(dependencies: {
  readonly authenticateClient: AuthenticateClient
  readonly grants: readonly Grant[]
  readonly assertWithinLimits: AssertWithinLimits
  readonly issueTokens: IssueTokens
  readonly recordEvent: RecordEvent
}): (request: ClientRequest) => Promise<TokenResponse> {
  const { authenticateClient, grants, assertWithinLimits, issueTokens, recordEvent } = dependencies

  function grantFor(grantType: string): Grant {
    const grant = grants.find(candidate => candidate.grantType === grantType)
    if (grant === undefined) throw new OAuthError('unsupported_grant_type', 'This grant type is not supported.')
    return grant
  }

  /** What a client that has proved itself was refused for is in the audit. */
  async function authorize(
    request: ClientRequest,
    client: AuthenticatedClient,
    answersAfter: AnswersAfter,
  ): Promise<Authorization> {
    try {
      const grant = grantFor(needed(request.parameters, 'grant_type').grant_type) // §4
      assertGrantAllowed(client, grant) // §5.2 unauthorized_client
      return await grant.authorize(parse(request, answersAfter), client) // §4.3 to §4.5, §6
    } catch (error) {
      const refused = { type: 'client.grant', clientId: client.id, provenance: request.provenance } as const
      return auditRefusal(recordEvent, refused, error)
    }
  }

  async function answer(request: ClientRequest, answersAfter: AnswersAfter): Promise<TokenResponse> {
    for (let attempts = 1; ; attempts += 1) {
      try {
        const client = await authenticateClient(request) // §2.3
        const authorization = await authorize(request, client, answersAfter)
        await assertWithinLimits(authorization, request)
        return await issueTokens(authorization) // §5.1
      } catch (error) {
        assertMayRunAgain(error, attempts)
      }
    }
  }

  // A good answer, and a refusal, come after what was begun beside them.
  return async request => {
    const beside: Promise<unknown>[] = []
    try {
      return await answer(request, work => void beside.push(work))
    } finally {
      await Promise.all(beside)
    }
  }
}
