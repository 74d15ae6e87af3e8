/** An API key as the command line, /me and /admin show it: all but the key. */
import { isoTime, isoTimeOrNull } from '../clock.ts'
import { apiKeyStatuses, type ListedApiKey } from '../records/api-key.ts'
import { isClient } from '../records/client.ts'

/** ISO 8601. */
const dateTime = { type: 'string', format: 'date-time' } as const
const dateTimeOrNull = { type: ['string', 'null'], format: 'date-time' } as const

/** For its owner. */
export const describeOwnApiKey = (key: ListedApiKey) => ({
  api_key_id: key.id,
  name: key.name,
  status: key.status,
  scope: key.scope.join(' '),
  audiences: key.audiences,
  created_at: isoTime(key.createdAtMs),
  expires_at: isoTimeOrNull(key.expiresAtMs),
  revoked_at: isoTimeOrNull(key.revokedAtMs),
  last_used_at: isoTimeOrNull(key.lastUsedAtMs),
  last_used_address: key.lastUsedAddress,
})

/** For operators, who see everybody's. */
export const describeApiKey = (key: ListedApiKey) => ({
  ...describeOwnApiKey(key),
  user_id: isClient(key.ownerId) ? null : key.ownerId,
  username: key.username,
  client_id: key.clientId,
})

export const ownApiKeySchema = {
  type: 'object',
  required: [
    'api_key_id',
    'name',
    'status',
    'scope',
    'audiences',
    'created_at',
    'expires_at',
    'revoked_at',
    'last_used_at',
    'last_used_address',
  ],
  properties: {
    api_key_id: { type: 'string', description: 'As the tokens name it that are given for the key.' },
    name: { type: 'string', examples: ['nightly import'] },
    status: { type: 'string', enum: apiKeyStatuses },
    scope: { type: 'string', description: 'Permissions, separated by spaces.', examples: ['posts:read posts:write'] },
    audiences: {
      type: 'array',
      items: { type: 'string' },
      description: 'Resource services that it is for; empty: every one that the exchanging client serves.',
    },
    created_at: dateTime,
    expires_at: { ...dateTimeOrNull, description: 'Null: it does not expire.' },
    revoked_at: dateTimeOrNull,
    last_used_at: { ...dateTimeOrNull, description: 'To the hour.' },
    last_used_address: { type: ['string', 'null'], description: 'Network address of that use.' },
  },
} as const

export const apiKeySchema = {
  ...ownApiKeySchema,
  required: [...ownApiKeySchema.required, 'user_id', 'username', 'client_id'],
  properties: {
    ...ownApiKeySchema.properties,
    user_id: { type: ['string', 'null'], description: "Whose it is; null: a client's." },
    username: { type: ['string', 'null'] },
    client_id: { type: ['string', 'null'], description: "Whose it is; null: a user's." },
  },
} as const

/** With the key, which is shown once. */
export const withKey = <Schema extends { readonly required: readonly string[]; readonly properties: object }>(
  schema: Schema,
) => ({
  ...schema,
  required: [...schema.required, 'api_key'],
  properties: {
    ...schema.properties,
    api_key: { type: 'string', format: 'password', description: 'The key itself. It is not shown again.' },
  },
})
