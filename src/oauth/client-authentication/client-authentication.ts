/**
 * Client authentication (RFC 6749 §2.3): which method a request uses, which is exactly one (§2.3, §5.2 invalid_request), and the proof,
 * once a request. Each method has a file of its own.
 */
import type { Clock } from '../../clock.ts'
import type { Provenance } from '../../records/audit-event.ts'
import type { Client, ClientReader } from '../../records/client.ts'
import type { UsedAssertion } from '../../records/used-assertion.ts'
import { invalidRequest } from '../oauth-error.ts'
import type { Prove } from '../proofs.ts'
import type { AssertionProofs } from './assertion-proof.ts'
import { readBasic } from './basic-header.ts'
import type { ClientProofs } from './client-proof.ts'
import { clientSecretBasic } from './client-secret-basic.ts'
import { clientSecretPost } from './client-secret-post.ts'
import type { FindClient } from './known-clients.ts'
import type { Credentials, PresentedClient, Proof, ProvingMethod, RequestCredentials } from './method.ts'
import { none } from './none.ts'
import { privateKeyJwt } from './private-key-jwt.ts'

const provingMethods: readonly ProvingMethod[] = [clientSecretBasic, clientSecretPost, privateKeyJwt]

/** For the metadata (RFC 8414 §2). */
export const clientAuthenticationMethods: readonly string[] = [...provingMethods, none].flatMap(({ names }) => names)

/** A client that has proved who it is. */
export interface AuthenticatedClient extends Client {
  /** The id of the credential with which it did so; undefined of a public client. */
  readonly credentialId: string | undefined
  /** Until when that works. */
  readonly provedUntilMs: number
  /** The assertion with which it did so, which the tokens don't outlive; undefined of any other proof. */
  readonly assertion: UsedAssertion | undefined
  /** Seconds that its access tokens live. */
  readonly accessTokenTtl: number
}

export interface ClientRequest extends RequestCredentials {
  readonly provenance: Provenance
  /** The address in a header that came once and holds one; undefined where there is none. */
  readonly forwardedAddress: (header: string) => string | undefined
  readonly prove: Prove
  /** Told as soon as the client has proved who it is, for the log. */
  readonly onClient: (clientId: string) => void
}

/** @throws OAuthError invalid_request, invalid_client; TooManyAttempts */
export type AuthenticateClient = (request: ClientRequest) => Promise<AuthenticatedClient>

/** @throws OAuthError invalid_request (two clients at once), invalid_client (unreadable) */
function readCredentials({ parameters, authorization }: RequestCredentials): Credentials {
  const basic = readBasic(authorization)
  const clientId = parameters['client_id'] ?? basic?.clientId
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
  /** The `client_id` of each active client that trusts this subject of a trust domain. */
  readonly trustingSubject: ClientReader['trustingSubject']
  readonly assertions: Pick<AssertionProofs, 'isIssuerAsRead'>
  readonly proofs: ClientProofs
  readonly clock: Clock
  /** Seconds, for clients without a lifetime of their own. */
  readonly accessTokenTtl: number
}): AuthenticateClient {
  const { findClient, trustingSubject, assertions, proofs, clock, accessTokenTtl } = dependencies

  /** Where the request names none, the one that trusts the subject of a JWT-SVID; if two do, it is none of them. */
  async function findPresented(presented: PresentedClient): Promise<Client | undefined> {
    if (presented.clientId !== undefined) return findClient(presented.clientId)
    const subject = presented.kind === 'assertion' ? presented.subject : undefined
    const [clientId, ...others] = subject === undefined ? [] : await trustingSubject(subject)
    return clientId === undefined || others.length > 0 ? undefined : findClient(clientId)
  }

  /** Once a request; a workload's token is looked at again when its issuer or its trust was changed meanwhile, as nothing of it is consumed. */
  async function prove(client: Client | undefined, presented: PresentedClient, request: ClientRequest): Promise<Proof> {
    const look = () => proofs.prove(client, presented, request.provenance)
    const proof = await request.prove('client', look)
    if (proof.assertion?.issuer === undefined) return proof
    const holds = client !== undefined && proof.holdsUntil(client) !== undefined
    return holds && (await assertions.isIssuerAsRead(proof.assertion)) ? proof : look()
  }

  /** Seconds. A token never outlives the assertion for which it was given. */
  function lifetimeOf(client: Client, { assertion }: Proof, provedUntilMs: number): number {
    const ttl = client.accessTokenTtlSeconds ?? accessTokenTtl
    return assertion === undefined ? ttl : Math.min(ttl, Math.floor((provedUntilMs - clock.now()) / 1000))
  }

  return async request => {
    const presented = presentedClient(request)
    const client = await findPresented(presented)
    const proof = await prove(client, presented, request)
    // What was proved before may hold no longer of what is stored now.
    const provedUntilMs = client?.status === 'active' ? proof.holdsUntil(client) : undefined
    const lifetime = client && provedUntilMs !== undefined ? lifetimeOf(client, proof, provedUntilMs) : 0
    if (client === undefined || provedUntilMs === undefined || provedUntilMs <= clock.now() || lifetime < 1)
      return proofs.fail(client, presented, 'client_changed', request.provenance)
    request.onClient(client.clientId)
    return {
      ...client,
      credentialId: proof.credential?.id,
      provedUntilMs,
      assertion: proof.assertion,
      accessTokenTtl: lifetime,
    }
  }
}
