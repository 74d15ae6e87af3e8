/**
 * Client authentication (RFC 6749 §2.3): client_secret_basic, client_secret_post, and none for public clients. Exactly one
 * method a request (§2.3, §5.2 invalid_request).
 */
import { hash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import type { Provenance } from '../../records/audit-event.ts'
import type { Client, ClientReader, ClientSecret } from '../../records/client.ts'
import { decodeFormComponent, type FormParameters } from '../form.ts'
import { invalidClient, invalidRequest } from '../oauth-error.ts'
import type { RecordClientFailure } from './failure-audit.ts'

export const clientAuthenticationMethods = ['client_secret_basic', 'client_secret_post', 'none'] as const

/** A client that has proved who it is, and the secret it did so with (a public client has none). */
export interface AuthenticatedClient extends Client {
  readonly checkedSecretId: string | undefined
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

type CheckedSecret = Pick<ClientSecret, 'id' | 'hash' | 'expiresAtMs'>

/** Compared with when there is no secret to compare with, so that an unknown client costs the same. */
const nobodysSecret: CheckedSecret = {
  id: '',
  hash: hash('sha256', '', 'base64url'),
  expiresAtMs: 0,
}

export function createClientAuthentication(dependencies: {
  readonly clients: ClientReader
  readonly recordFailure: RecordClientFailure
  readonly clock: Clock
  /** Seconds, for clients without a lifetime of their own. */
  readonly accessTokenTtl: number
}): AuthenticateClient {
  const { clients, recordFailure, clock, accessTokenTtl } = dependencies

  function matchingSecret(secrets: readonly CheckedSecret[], presented: string): CheckedSecret | undefined {
    const presentedHash = Buffer.from(hash('sha256', presented, 'base64url'))
    const candidates = secrets.length > 0 ? secrets : [nobodysSecret]
    return candidates
      .filter(secret => timingSafeEqual(Buffer.from(secret.hash), presentedHash))
      .find(secret => secret.expiresAtMs === null || secret.expiresAtMs > clock.now())
  }

  function fail(client: Client | undefined, reason: string, provenance: Provenance): never {
    if (client !== undefined) recordFailure({ clientId: client.id, reason, provenance })
    throw invalidClient()
  }

  return async request => {
    const { clientId, secret } = presentedClient(request)
    const client = await clients.findByClientId(clientId)
    const checked = secret === undefined ? undefined : matchingSecret(client?.secrets ?? [], secret)
    if (client === undefined) return fail(client, 'unknown_client', request.provenance)
    if (client.status !== 'active') return fail(client, `client_${client.status}`, request.provenance)
    const proved = client.isPublic ? secret === undefined : checked !== undefined
    if (!proved) return fail(client, secret === undefined ? 'no_credentials' : 'wrong_secret', request.provenance)
    request.onClient(client.clientId)
    return {
      ...client,
      checkedSecretId: checked?.id,
      accessTokenTtl: client.accessTokenTtlSeconds ?? accessTokenTtl,
    }
  }
}
