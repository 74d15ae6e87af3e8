/** A client as the command line shows it: of its secrets, all but the secret. */
import { isoTime, isoTimeOrNull } from '../clock.ts'
import type { RegisteredClient } from '../records/client.ts'
import type { Credential } from '../records/credential.ts'

const describeSecret = ({ id, name, createdAtMs, expiresAtMs, lastUsedAtMs }: Credential) => ({
  id,
  name,
  created_at: isoTime(createdAtMs),
  expires_at: isoTimeOrNull(expiresAtMs),
  last_used_at: isoTimeOrNull(lastUsedAtMs),
})

export const describeClient = (client: RegisteredClient) => ({
  client_id: client.clientId,
  id: client.id,
  status: client.status,
  public: client.isPublic,
  grants: client.grants,
  scope: client.scope,
  audiences: client.audiences,
  origins: client.origins,
  introspect: client.introspect,
  access_token_ttl: client.accessTokenTtlSeconds,
  grants_per_minute: client.grantsPerMinute?.client ?? null,
  grants_per_minute_subject: client.grantsPerMinute?.subject ?? null,
  may_grant: client.mayGrant,
  secrets: client.secrets.map(describeSecret),
  created_at: isoTime(client.createdAtMs),
})

/** A secret that was made is told once, by the act that made it. */
export const describeWithSecret = (added: {
  readonly client: RegisteredClient
  readonly secretId: string | undefined
  readonly generatedSecret: string | undefined
}) => ({
  ...describeClient(added.client),
  secret_id: added.secretId,
  client_secret: added.generatedSecret,
})
