/**
 * Client authentication (RFC 6749 §2.3): client_secret_basic, client_secret_post, and none for public clients. Exactly one
 * method a request (§2.3, §5.2 invalid_request).
 */
import { hash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import type { Provenance } from '../../records/audit-event.ts'
import type { Client } from '../../records/client.ts'
import type { Credential } from '../../records/credential.ts'
import { decodeFormComponent, type FormParameters } from '../form.ts'
import { invalidClient, invalidRequest } from '../oauth-error.ts'
import type { Prove } from '../proofs.ts'
import type { RecordUse } from './credential-use.ts'
import type { RecordFailure } from './failure-audit.ts'
import type { FindClient } from './known-clients.ts'

export const clientAuthenticationMethods = ['client_secret_basic', 'client_secret_post', 'none'] as const

/** A client that has proved who it is. */
export interface AuthenticatedClient extends Client {
  /** Of the secret with which it did so; undefined for a public client. */
  readonly credentialId: string | undefined
  /** Until when the secret works with which it did so. */
  readonly provedUntilMs: number
  /** Seconds that its access tokens live. */
  readonly accessTokenTtl: number
}

/** What a request presents; nothing of it is believed yet. */
export interface PresentedClient {
  readonly clientId: string
  readonly secret: string | undefined
}

export interface ClientRequest {
  readonly parameters: FormParameters
  /** The Authorization header. */
  readonly authorization: string | undefined
  readonly provenance: Provenance
  readonly prove: Prove
  /** Told as soon as the client has proved who it is, for the log. */
  readonly onClient: (clientId: string) => void
}

/** @throws OAuthError invalid_request, invalid_client */
export type AuthenticateClient = (request: ClientRequest) => Promise<AuthenticatedClient>

/** RFC 6749 §2.3.1: id and secret are form-urlencoded, joined by a colon, then base64. */
function readBasic(authorization: string): PresentedClient {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1]
  const [, clientId, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? []
  if (clientId === undefined || secret === undefined) throw invalidClient()
  try {
    return { clientId: decodeFormComponent(clientId), secret: decodeFormComponent(secret) }
  } catch {
    throw invalidClient()
  }
}

/**
 * Reads which client a request says it comes from.
 * @throws OAuthError invalid_request (two methods at once), invalid_client (none, or unreadable)
 */
export function presentedClient({
  parameters,
  authorization,
}: Pick<ClientRequest, 'parameters' | 'authorization'>): PresentedClient {
  const { client_id: clientId, client_secret: secret } = parameters
  if (authorization === undefined) {
    if (clientId === undefined) throw invalidClient()
    return { clientId, secret }
  }
  if (secret !== undefined) throw invalidRequest('Only one client authentication method may be used in a request.')
  const basic = readBasic(authorization)
  if (clientId !== undefined && clientId !== basic.clientId)
    throw invalidRequest('client_id is not the client that authenticates.')
  return basic
}

/** Compared with when there is no secret to compare with, so that an unknown client costs the same. */
const nobodysSecret: Credential = {
  id: '',
  name: null,
  hash: hash('sha256', '', 'base64url'),
  createdAtMs: 0,
  expiresAtMs: 0,
  lastUsedAtMs: null,
}

/** What a public client proves itself with. */
const NOTHING = 'nothing'

export function createClientAuthentication(dependencies: {
  readonly findClient: FindClient
  readonly recordUse: RecordUse
  readonly recordFailure: RecordFailure
  readonly clock: Clock
  /** Seconds, for clients without a lifetime of their own. */
  readonly accessTokenTtl: number
}): AuthenticateClient {
  const { findClient, recordUse, recordFailure, clock, accessTokenTtl } = dependencies

  const endOf = ({ expiresAtMs }: Credential): number => expiresAtMs ?? Number.POSITIVE_INFINITY

  function matchingSecret(secrets: readonly Credential[], presented: string): Credential | undefined {
    const presentedHash = Buffer.from(hash('sha256', presented, 'base64url'))
    const candidates = secrets.length > 0 ? secrets : [nobodysSecret]
    return candidates
      .filter(secret => timingSafeEqual(Buffer.from(secret.hash), presentedHash))
      .find(secret => endOf(secret) > clock.now())
  }

  function fail(client: Client | undefined, reason: string, provenance: Provenance): never {
    if (client !== undefined) recordFailure({ type: 'client.authenticate', clientId: client.id, reason, provenance })
    throw invalidClient()
  }

  /** Answers the id of the secret, or that there is none to be asked for. */
  function proveIdentity(client: Client | undefined, secret: string | undefined, provenance: Provenance): string {
    const checked = secret === undefined ? undefined : matchingSecret(client?.secrets ?? [], secret)
    if (client === undefined) return fail(client, 'unknown_client', provenance)
    if (client.status !== 'active') return fail(client, `client_${client.status}`, provenance)
    if (client.isPublic && secret === undefined) return NOTHING
    if (client.isPublic || checked === undefined)
      return fail(client, secret === undefined ? 'no_credentials' : 'wrong_secret', provenance)
    recordUse(checked, provenance.address)
    return checked.id
  }

  /** Until when what was proved holds of the client as it is now; undefined when it does no longer. */
  function holdsUntil(client: Client, proof: string): number | undefined {
    if (proof === NOTHING) return client.isPublic ? Number.POSITIVE_INFINITY : undefined
    const secret = client.secrets.find(({ id }) => id === proof)
    return secret && endOf(secret)
  }

  return async request => {
    const { clientId, secret } = presentedClient(request)
    const client = await findClient(clientId)
    const proof = request.prove('client', () => proveIdentity(client, secret, request.provenance))
    const provedUntilMs = client && holdsUntil(client, proof)
    if (client?.status !== 'active' || provedUntilMs === undefined || provedUntilMs <= clock.now())
      return fail(client, 'client_changed', request.provenance)
    request.onClient(client.clientId)
    const credentialId = proof === NOTHING ? undefined : proof
    return { ...client, credentialId, provedUntilMs, accessTokenTtl: client.accessTokenTtlSeconds ?? accessTokenTtl }
  }
}
