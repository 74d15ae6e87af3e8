/** A client for people, with its credentials: of its secrets, all but the secret. */
import { formatDuration, relativeTime } from '../clock.ts'
import type { GrantLimits, RegisteredClient } from '../records/client.ts'
import type { ClientKey } from '../records/client-key.ts'
import type { ClientTrust } from '../records/client-trust.ts'
import type { Credential } from '../records/credential.ts'
import { labelled, listed } from './labelled.ts'
import type { Lines } from './terminal.ts'
import { fullTime } from './times.ts'

type Times = Pick<Credential, 'createdAtMs' | 'lastUsedAtMs'> & Partial<Pick<Credential, 'expiresAtMs'>>

/** The last use is known to the hour. */
function timesOf({ createdAtMs, expiresAtMs = null, lastUsedAtMs }: Times, nowMs: number): string {
  const expiry =
    expiresAtMs === null ? [] : [`${expiresAtMs > nowMs ? 'expires' : 'expired'} ${relativeTime(expiresAtMs, nowMs)}`]
  const use = lastUsedAtMs === null ? 'never used' : `last used ${relativeTime(lastUsedAtMs, nowMs)}`
  return `  added ${relativeTime(createdAtMs, nowMs)}, ${[...expiry, use].join(', ')}`
}

const nameOfKey = ({ source }: ClientKey): string =>
  'jwksUri' in source
    ? source.jwksUri
    : `${source.jwk.alg}, ${source.jwk.kid === undefined ? 'no kid' : `kid ${source.jwk.kid}`}`

const claimsOf = ({ conditions }: ClientTrust): string[] => conditions.map(({ name, value }) => `  ${name}=${value}`)

function limitOf(limits: GrantLimits | null): string | null {
  if (limits === null) return null
  return limits.subject === null ? `${limits.client}` : `${limits.client}, ${limits.subject} for each subject`
}

const some = (words: readonly string[]): string | null => (words.length === 0 ? null : listed(words))

/** What is not set, and none of which there need be, is left out. */
export const linesOfClient = (client: RegisteredClient, nowMs: number): Lines =>
  labelled({
    ID: client.clientId,
    'Internal ID': client.id,
    Status: client.status,
    Type: client.isPublic ? 'public' : 'confidential',
    Grants: listed(client.grants),
    Scope: listed(client.scope),
    Audiences: client.audiences.length === 0 ? 'none' : client.audiences,
    Origins: client.origins,
    Introspects: client.introspect,
    'Token lifetime': client.accessTokenTtlSeconds === null ? null : formatDuration(client.accessTokenTtlSeconds),
    'Grants a minute': limitOf(client.grantsPerMinute),
    'May grant': some(client.mayGrant),
    'Address header': client.forwardsAddress,
    Created: fullTime(client.createdAtMs, nowMs),
    Secrets: client.secrets.flatMap(secret => [
      `${secret.id}${secret.name === null ? '' : `  ${secret.name}`}`,
      timesOf(secret, nowMs),
    ]),
    Keys: client.keys.flatMap(key => [key.id, `  ${nameOfKey(key)}`, timesOf(key, nowMs)]),
    Trusts: client.trusts.flatMap(trust => [
      `${trust.id}  ${trust.issuerName ?? '(an issuer that is being removed)'}`,
      ...claimsOf(trust),
      timesOf(trust, nowMs),
    ]),
  })
