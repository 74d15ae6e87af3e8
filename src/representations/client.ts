/** A client as the command line and /admin show it: of its secrets, all but the secret. */
import { isoTime, isoTimeOrNull } from '../clock.ts'
import { type ClientSettings, type GrantLimitsChange, grantTypes, type RegisteredClient } from '../records/client.ts'
import type { ClientKey } from '../records/client-key.ts'
import type { ClientTrust } from '../records/client-trust.ts'
import type { Credential } from '../records/credential.ts'

const describeSecret = ({ id, name, createdAtMs, expiresAtMs, lastUsedAtMs }: Credential) => ({
  id,
  name,
  created_at: isoTime(createdAtMs),
  expires_at: isoTimeOrNull(expiresAtMs),
  last_used_at: isoTimeOrNull(lastUsedAtMs),
})

const timesOf = ({ createdAtMs, lastUsedAtMs }: ClientKey | ClientTrust) => ({
  created_at: isoTime(createdAtMs),
  last_used_at: isoTimeOrNull(lastUsedAtMs),
})

const describeKey = ({ id, source, ...key }: ClientKey) => ({
  id,
  kid: 'jwk' in source ? (source.jwk.kid ?? null) : null,
  alg: 'jwk' in source ? source.jwk.alg : null,
  jwks_uri: 'jwksUri' in source ? source.jwksUri : null,
  ...timesOf({ id, source, ...key }),
})

const describeTrust = (trust: ClientTrust) => ({
  id: trust.id,
  issuer: trust.issuerName,
  claims: Object.fromEntries(trust.conditions.map(({ name, value }) => [name, value])),
  ...timesOf(trust),
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
  forwards_address: client.forwardsAddress,
  secrets: client.secrets.map(describeSecret),
  keys: client.keys.map(describeKey),
  trusts: client.trusts.map(describeTrust),
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

/** What may be set of a client, by the names that its JSON has; what is not there is not set. */
export interface ClientMembers {
  readonly grants?: readonly string[]
  readonly scope?: readonly string[]
  readonly audiences?: readonly string[]
  readonly origins?: readonly string[]
  readonly introspect?: readonly string[]
  readonly access_token_ttl?: number | null
  readonly grants_per_minute?: number | null
  readonly grants_per_minute_subject?: number | null
  readonly forwards_address?: string | null
}

type Given = Partial<Omit<ClientSettings, 'grantsPerMinute' | 'mayGrant'>> & {
  readonly grantsPerMinute?: GrantLimitsChange
}

export function settingsIn(members: ClientMembers): Given {
  const { grants, scope, audiences, origins, introspect, access_token_ttl: ttl } = members
  const { grants_per_minute: client, grants_per_minute_subject: subject, forwards_address: forwards } = members
  return {
    ...(grants && { grants }),
    ...(scope && { scope }),
    ...(audiences && { audiences }),
    ...(origins && { origins }),
    ...(introspect && { introspect }),
    ...(ttl !== undefined && { accessTokenTtlSeconds: ttl }),
    ...(forwards !== undefined && { forwardsAddress: forwards?.toLowerCase() ?? null }),
    ...((client !== undefined || subject !== undefined) && {
      grantsPerMinute: { ...(client !== undefined && { client }), ...(subject !== undefined && { subject }) },
    }),
  }
}

const list = (description: string, example: readonly string[]) => ({
  type: 'array',
  items: { type: 'string' },
  description,
  examples: [example],
})
const wholeOrNull = (description: string, example: number) => ({
  type: ['integer', 'null'],
  description,
  examples: [example],
})
const dateTime = { type: 'string', format: 'date-time' } as const
const timeOrNull = { type: ['string', 'null'], format: 'date-time' } as const

export const clientIdSchema = {
  type: 'string',
  description: '1 to 64 printable ASCII characters without space, `%`, `+` and `:`.',
  examples: ['web-app'],
} as const

export const publicSchema = {
  type: 'boolean',
  description: 'It can keep no secret, as a page in a browser. This never changes.',
  examples: [false],
} as const

/** Those that hold several, and of which one may be taken away. */
export const clientListSchemas = {
  grants: {
    ...list('The grants that it may use: none, and it gets no tokens.', ['password', 'refresh_token']),
    items: { type: 'string', enum: grantTypes },
  },
  scope: list('Permissions that it may ask for; `*` means whatever the user has, but not `signet:…`.', ['posts:read']),
  audiences: list(
    'Resource services that its tokens are for, the default first, which may be a name instead of a URI. With a grant, at least one.',
    ['https://api.example.com'],
  ),
  origins: list('Web pages and apps that may use it.', ['https://login.example.com']),
  introspect: list('Audiences whose tokens it may introspect; not for a public client.', ['https://api.example.com']),
} as const

export const clientSettingsSchemas = {
  ...clientListSchemas,
  access_token_ttl: wholeOrNull('Seconds that its access tokens live, 30 to 43200; null: as the service says.', 600),
  grants_per_minute: wholeOrNull('Tokens that it may be issued in a minute; null: as many as it asks for.', 6000),
  grants_per_minute_subject: wholeOrNull('The same for each user, or owner of an API key, through it.', 60),
  forwards_address: {
    type: ['string', 'null'],
    description:
      'The header, in lower case, in which it says from where a person signs in through it with the grant `password`; null: in none. Not for a public client.',
    examples: ['x-dovecot-auth-remote'],
  },
} as const

const secretSchema = {
  type: 'object',
  required: ['id', 'name', 'created_at', 'expires_at', 'last_used_at'],
  properties: {
    id: { type: 'string' },
    name: { type: ['string', 'null'] },
    created_at: dateTime,
    expires_at: timeOrNull,
    last_used_at: { ...timeOrNull, description: 'To the hour.' },
  },
} as const

const textOrNull = (description: string) => ({ type: ['string', 'null'], description }) as const

const keySchema = {
  type: 'object',
  required: ['id', 'kid', 'alg', 'jwks_uri', 'created_at', 'last_used_at'],
  properties: {
    id: { type: 'string' },
    kid: textOrNull('Of a registered key, if it has one.'),
    alg: textOrNull('Of a registered key.'),
    jwks_uri: textOrNull('Where the client publishes its keys.'),
    created_at: dateTime,
    last_used_at: { ...timeOrNull, description: 'To the hour.' },
  },
} as const

const trustSchema = {
  type: 'object',
  required: ['id', 'issuer', 'claims', 'created_at', 'last_used_at'],
  properties: {
    id: { type: 'string' },
    issuer: textOrNull('The name of the trusted issuer; null while it is being removed.'),
    claims: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'What the token of a workload must have, by the names of the claims.',
    },
    created_at: dateTime,
    last_used_at: { ...timeOrNull, description: 'To the hour.' },
  },
} as const

const shown = {
  client_id: clientIdSchema,
  id: { type: 'string', description: 'The `sub` of its own tokens, and how the audit names it. Never given again.' },
  status: { type: 'string', enum: ['active', 'disabled', 'deleted'] },
  public: publicSchema,
  ...clientSettingsSchemas,
  may_grant: list('Roles that it may grant as a machine: set at the command line alone.', ['reader']),
  secrets: { type: 'array', items: secretSchema, description: 'Those that were not removed, the oldest first.' },
  keys: { type: 'array', items: keySchema, description: 'Public keys, for private_key_jwt.' },
  trusts: { type: 'array', items: trustSchema, description: "In issuers of workloads' tokens." },
  created_at: dateTime,
} as const

export const clientSchema = { type: 'object', required: Object.keys(shown), properties: shown } as const

export const clientWithSecretSchema = {
  ...clientSchema,
  properties: {
    ...shown,
    secret_id: { type: 'string', description: 'Of the secret that was made.' },
    client_secret: { type: 'string', description: 'It is not shown again. A public client has none.' },
  },
} as const
