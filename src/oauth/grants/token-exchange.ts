/** Token exchange (RFC 8693) of an API key: for a short access token of its owner. */
import type { Clock } from '../../clock.ts'
import { type ApiKey, type PresentedApiKey, parseApiKey } from '../../records/api-key.ts'
import { isSameAudience } from '../../records/audience.ts'
import type { Provenance, RecordEvent } from '../../records/audit-event.ts'
import { isClient } from '../../records/client.ts'
import type { SessionReader, StoredSession } from '../../records/session.ts'
import { type ApiKeysInUse, audiencesOfKey, type KeyOwner, narrowToKey } from '../api-keys.ts'
import type { Authorization, Grant, TokenRequest } from '../authorization.ts'
import type { AuthenticatedClient } from '../client-authentication/client-authentication.ts'
import type { RecordUse } from '../client-authentication/credential-use.ts'
import { type FormParameters, needed } from '../form.ts'
import { audited, invalidRequest, OAuthError } from '../oauth-error.ts'
import { auditRefusal, type Refused } from '../refusals.ts'
import { selectAudience } from '../scope.ts'
import type { UseMachineSession } from '../sessions/machine-session.ts'
import { ACCESS_TOKEN_TYPE, API_KEY_TYPE } from '../token-types.ts'

/** Seconds. */
const LONGEST_LIFETIME = 300

/** §2.2.2: one answer for every way in which a subject token is not good. */
const refusal = audited(
  'invalid_request',
  'The API key is unknown, revoked or expired, or its owner may have no token.',
)

/** As the audit names it. A client that owns a key is in no column, since the client that exchanges it is. */
const exchangeOf = (key: ApiKey | undefined, clientId: string, provenance: Provenance): Refused => ({
  ...({ type: 'api_key.exchange', clientId, provenance } as const),
  ...(key && { target: key.id, ...(!isClient(key.ownerId) && { userId: key.ownerId }) }),
})

interface GoodKey {
  readonly key: ApiKey
  /** Seconds. */
  readonly lifetime: number
  readonly row: StoredSession | undefined
  readonly owner: KeyOwner
}

interface BadKey {
  readonly key?: ApiKey
  readonly problem: string
}

/**
 * §2.1.
 * @throws OAuthError invalid_request for what is no exchange of an API key
 */
function subjectTokenOf(parameters: FormParameters): string {
  const { subject_token: token, subject_token_type: subject } = needed(
    parameters,
    'subject_token',
    'subject_token_type',
  )
  const { requested_token_type: requested = ACCESS_TOKEN_TYPE } = parameters
  if (subject !== API_KEY_TYPE)
    throw invalidRequest(`The only subject_token_type that is supported is ${API_KEY_TYPE}.`)
  if (requested !== ACCESS_TOKEN_TYPE)
    throw invalidRequest(`The only requested_token_type that is supported is ${ACCESS_TOKEN_TYPE}.`)
  if (parameters['actor_token'] !== undefined || parameters['actor_token_type'] !== undefined)
    throw invalidRequest('An actor_token is not supported.')
  return token
}

/** §2.1: an audience is named by its URI, as a resource is, or has only a name. */
function targetOf({ resource, parameters: { audience } }: TokenRequest): string | undefined {
  if (resource !== undefined && audience !== undefined && !isSameAudience(resource, audience))
    throw new OAuthError('invalid_target', 'Only one resource may be asked for in a request.')
  return resource ?? audience
}

export function createTokenExchangeGrant(dependencies: {
  readonly issuer: string
  readonly apiKeys: ApiKeysInUse
  readonly sessionReader: Pick<SessionReader, 'findByCredential'>
  readonly useMachineSession: UseMachineSession
  readonly recordUse: RecordUse
  readonly recordEvent: RecordEvent
  readonly clock: Clock
}): Grant {
  const { issuer, apiKeys, sessionReader, useMachineSession, recordUse, recordEvent, clock } = dependencies

  /** Seconds; it ends with the key. */
  function lifetimeOf({ expiresAtMs }: ApiKey, { accessTokenTtl }: AuthenticatedClient): number {
    const left = expiresAtMs === null ? LONGEST_LIFETIME : Math.floor((expiresAtMs - clock.now()) / 1000)
    return Math.min(LONGEST_LIFETIME, accessTokenTtl, left)
  }

  /** The row before its owner's rights: who takes one of them away raises its revision, which is then noticed. */
  async function judge(presented: PresentedApiKey | undefined, client: AuthenticatedClient): Promise<GoodKey | BadKey> {
    const key = presented && (await apiKeys.find(presented))
    if (key === undefined) return { problem: 'wrong_api_key' }
    const lifetime = lifetimeOf(key, client)
    if (key.revokedAtMs !== null) return { key, problem: 'api_key_revoked' }
    if (lifetime < 1) return { key, problem: 'api_key_expired' }
    const row = await sessionReader.findByCredential(key.id, client.id)
    const owner = await apiKeys.ownerOf(key)
    return owner === undefined ? { key, problem: 'owner_not_active' } : { key, lifetime, row, owner }
  }

  function grantTo(
    { key, owner }: GoodKey,
    client: AuthenticatedClient,
    { scope, provenance }: TokenRequest,
    target: string | undefined,
  ): Pick<Authorization, 'granted' | 'audience'> {
    try {
      const audience = selectAudience(audiencesOfKey(key, client.audiences, issuer), target)
      return { granted: { scope: narrowToKey(scope, key, owner, client.scope), roles: undefined }, audience }
    } catch (error) {
      return auditRefusal(recordEvent, exchangeOf(key, client.id, provenance), error)
    }
  }

  return {
    grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
    async authorize(request, client): Promise<Authorization> {
      const { parameters, provenance } = request
      const { id: clientId } = client
      const target = targetOf(request)
      const presented = parseApiKey(subjectTokenOf(parameters))
      const judged = await judge(presented, client)
      if ('problem' in judged) {
        const { key, problem: reason } = judged
        // What fails the checksum is no guess.
        if (presented !== undefined)
          recordEvent({ ...exchangeOf(key, clientId, provenance), outcome: 'failure', reason })
        throw refusal
      }
      const { key, lifetime, row, owner } = judged
      const { granted, audience } = grantTo(judged, client, request, target)
      recordUse(key, provenance.address)
      const use = {
        ...{ credentialId: key.id, worksUntilMs: key.expiresAtMs ?? Number.POSITIVE_INFINITY },
        ...{ subjectId: key.ownerId, asRead: owner.asRead, clientId },
      }
      const change = useMachineSession(row, use)
      return { client, granted, audience, change, provenance, lifetime, issuedTokenType: ACCESS_TOKEN_TYPE }
    },
  }
}
