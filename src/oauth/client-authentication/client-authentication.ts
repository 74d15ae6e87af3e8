/**
 * Client authentication (RFC 6749 §2.3): which method a request uses, which is exactly one (§2.3, §5.2 invalid_request), and the proof,
 * once a request. Each method has a file of its own.
 */
import type { Clock } from '../../clock.ts'
import type { Provenance, RecordEvent } from '../../records/audit-event.ts'
import type { Client } from '../../records/client.ts'
import { TooManyAttempts } from '../../records/counters.ts'
import { invalidClient, invalidRequest } from '../oauth-error.ts'
import type { Prove } from '../proofs.ts'
import { readBasic } from './basic-header.ts'
import { clientSecretBasic } from './client-secret-basic.ts'
import { clientSecretPost } from './client-secret-post.ts'
import type { RecordUse } from './credential-use.ts'
import type { FindClient } from './known-clients.ts'
import type { Credentials, Outcome, PresentedClient, Proof, ProvingMethod, RequestCredentials } from './method.ts'
import { none } from './none.ts'
import type { SecretThrottling } from './secret-throttling.ts'

const provingMethods: readonly ProvingMethod[] = [clientSecretBasic, clientSecretPost]

/** For the metadata (RFC 8414 §2). */
export const clientAuthenticationMethods: readonly string[] = [...provingMethods, none].map(({ name }) => name)

/** A client that has proved who it is. */
export interface AuthenticatedClient extends Client {
  /** The id of the credential with which it did so; undefined of a public client. */
  readonly credentialId: string | undefined
  /** Until when that works. */
  readonly provedUntilMs: number
  /** Seconds that its access tokens live. */
  readonly accessTokenTtl: number
}

export interface ClientRequest extends RequestCredentials {
  readonly provenance: Provenance
  readonly prove: Prove
  /** Told as soon as the client has proved who it is, for the log. */
  readonly onClient: (clientId: string) => void
}

/** @throws OAuthError invalid_request, invalid_client; TooManyAttempts */
export type AuthenticateClient = (request: ClientRequest) => Promise<AuthenticatedClient>

/** @throws OAuthError invalid_request (two clients at once), invalid_client (none, or unreadable) */
function readCredentials({ parameters, authorization }: RequestCredentials): Credentials {
  const basic = readBasic(authorization)
  const clientId = parameters['client_id'] ?? basic?.clientId
  if (clientId === undefined) throw invalidClient()
  if (basic !== undefined && basic.clientId !== clientId)
    throw invalidRequest('client_id is not the client that authenticates.')
  return { clientId, basicSecret: basic?.secret ?? '', parameters }
}

/**
 * Reads which client a request says it comes from.
 * @throws OAuthError invalid_request (two methods at once, or two clients), invalid_client (none, or unreadable)
 */
export function presentedClient(request: RequestCredentials): PresentedClient {
  const credentials = readCredentials(request)
  const [method = none, ...others] = provingMethods.filter(candidate => candidate.isUsed(credentials))
  if (others.length > 0) throw invalidRequest('Only one client authentication method may be used in a request.')
  return method.read(credentials)
}

export function createClientAuthentication(dependencies: {
  readonly findClient: FindClient
  readonly throttling: SecretThrottling
  readonly recordUse: RecordUse
  readonly recordEvent: RecordEvent
  /** The keyed hash of a client_id that no client has. */
  readonly hashName: (clientId: string) => string
  readonly clock: Clock
  /** Seconds, for clients without a lifetime of their own. */
  readonly accessTokenTtl: number
}): AuthenticateClient {
  const { findClient, throttling, recordUse, recordEvent, hashName, clock, accessTokenTtl } = dependencies

  function record(
    client: Client | undefined,
    { clientId }: PresentedClient,
    reason: string,
    provenance: Provenance,
  ): void {
    const who = client === undefined ? { nameHash: hashName(clientId) } : { clientId: client.id }
    recordEvent({ type: 'client.authenticate', outcome: 'failure', reason, ...who, provenance })
  }

  function fail(...why: Parameters<typeof record>): never {
    record(...why)
    throw invalidClient()
  }

  async function prove(
    client: Client | undefined,
    presented: PresentedClient,
    { address }: Provenance,
  ): Promise<Outcome> {
    if (presented.secret === undefined) return presented.prove(client, clock.now())
    const { clientId, secret } = presented
    let outcome: Outcome = 'wrong_secret'
    // Whoever is disabled learns nothing of a right secret, and so it counts as a wrong one.
    await throttling.count({ clientId, address, secret }, () => {
      outcome = presented.prove(client, clock.now())
      return client?.status === 'active' && typeof outcome !== 'string'
    })
    return outcome
  }

  /** What is presented is looked at first, so that every failure costs the same. */
  async function proveIdentity(
    client: Client | undefined,
    presented: PresentedClient,
    provenance: Provenance,
  ): Promise<Proof> {
    const outcome = await prove(client, presented, provenance).catch(error => {
      if (error instanceof TooManyAttempts) record(client, presented, 'throttled', provenance)
      throw error
    })
    if (client === undefined) return fail(client, presented, 'unknown_client', provenance)
    if (client.status !== 'active') return fail(client, presented, `client_${client.status}`, provenance)
    if (typeof outcome === 'string') return fail(client, presented, outcome, provenance)
    if (outcome.credential !== undefined) recordUse(outcome.credential, provenance.address)
    return outcome
  }

  return async request => {
    const presented = presentedClient(request)
    const client = await findClient(presented.clientId)
    const proof = await request.prove('client', () => proveIdentity(client, presented, request.provenance))
    const provedUntilMs = client && proof.holdsUntil(client)
    if (client?.status !== 'active' || provedUntilMs === undefined || provedUntilMs <= clock.now())
      return fail(client, presented, 'client_changed', request.provenance)
    request.onClient(client.clientId)
    return {
      ...client,
      credentialId: proof.credential?.id,
      provedUntilMs,
      accessTokenTtl: client.accessTokenTtlSeconds ?? accessTokenTtl,
    }
  }
}
