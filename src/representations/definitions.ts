/**
 * Roles, trusted issuers and clients as `signet apply` reads them and `signet export` writes them, with the JSON Schema from which editors complete. Its
 * patterns are for whoever types: they refuse nothing that the rules of accounts take.
 */
import { formatDuration, parseDuration } from '../clock.ts'
import { grantTypes } from '../records/client.ts'
import type { DefinedClient, Definitions } from '../records/definitions.ts'
import { ADMINISTRATOR, OPENID_SCOPES } from '../records/role.ts'
import {
  describeKeys,
  describeTrusts,
  type KeyJson,
  keyOf,
  keysSchema,
  type TrustJson,
  trustOf,
  trustsSchema,
} from './defined-credentials.ts'
import { describeDefinedIssuer, type IssuerJson, issuerOf, issuerSchema } from './defined-issuer.ts'
import { DURATION, ISSUER_NAME } from './definition-schemas.ts'

const notPermissions = (more: string) =>
  `^(?!(${OPENID_SCOPES.join('|')}${more})$)[\\x21\\x23-\\x5B\\x5D-\\x7E]{1,128}$`
const PERMISSION = notPermissions('|\\*')
const SCOPE = notPermissions('')
const ROLE_NAME = `^(?!${ADMINISTRATOR}$)[\\x21-\\x7E]{1,64}$`
const CLIENT_ID = '^[\\x21-\\x24\\x26-\\x2A\\x2C-\\x39\\x3B-\\x7E]{1,64}$'
const AUDIENCE = '^([A-Za-z][A-Za-z0-9+.-]*:[\\x21\\x22\\x24-\\x7E]+|[\\x21-\\x39\\x3B-\\x7E]{1,255})$'
const HEADER = "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$"
const ORIGIN = '^[a-z][a-z0-9+.-]*://[^\\s/?#@*]+$'
const MOST_GRANTS_A_MINUTE = 1_000_000

const listOf = (items: object, description: string, ...examples: readonly (readonly string[])[]) =>
  ({ type: 'array', items: { type: 'string', ...items }, description, examples }) as const

const limit = (description: string, example: number) =>
  ({ type: 'integer', minimum: 1, maximum: MOST_GRANTS_A_MINUTE, description, examples: [example] }) as const

const roleSchema = {
  type: 'object',
  description: 'What users who have the role may do.',
  required: ['permissions'],
  additionalProperties: false,
  properties: {
    permissions: {
      ...listOf({ pattern: PERMISSION }, 'At least one; their order does not matter.', ['posts:read', 'posts:write']),
      minItems: 1,
    },
  },
} as const

const clientSchema = {
  type: 'object',
  description: 'An application that asks for tokens. What is left out it does not have.',
  additionalProperties: false,
  dependencies: { grants_per_minute_subject: ['grants_per_minute'] },
  properties: {
    public: {
      type: 'boolean',
      default: false,
      description: 'It can keep no secret: a page in a browser, an app on a phone. This never changes.',
    },
    grants: {
      ...listOf({ enum: grantTypes }, 'The grant types that it may use. With one it needs an audience.', [
        'password',
        'refresh_token',
      ]),
    },
    scope: listOf(
      { pattern: SCOPE },
      "The permissions that it may ask for; '*', in quotes, is whatever the user has.",
      ['posts:read'],
      ['*'],
    ),
    audiences: listOf(
      { pattern: AUDIENCE, maxLength: 2048 },
      'The resource services that its tokens are for, as absolute URIs; the first is the default, and may be a name.',
      ['https://api.example.com'],
    ),
    origins: listOf(
      { pattern: ORIGIN },
      'The web pages and apps that may use it: scheme, host, and a port that is not the default one.',
      ['https://login.example.com'],
    ),
    introspect: listOf(
      { pattern: AUDIENCE, maxLength: 2048 },
      'The audiences whose tokens it may introspect, unless it is public.',
      ['https://api.example.com'],
    ),
    access_token_ttl: {
      type: 'string',
      pattern: DURATION,
      description: 'How long its access tokens live, from 30s to 12h. Left out: as long as the service says.',
      examples: ['10m'],
    },
    grants_per_minute: limit('How many tokens it may be issued in a minute. Left out: as many as it asks for.', 600),
    grants_per_minute_subject: limit('How many of them each subject may be issued.', 10),
    may_grant: listOf({ pattern: ROLE_NAME }, 'Roles that it may grant to users as a machine.', ['editor']),
    forwards_address: {
      type: 'string',
      pattern: HEADER,
      description: 'The header in which it says from where a person signs in through it, if it has the grant password.',
      examples: ['x-dovecot-auth-remote'],
    },
    keys: keysSchema,
    trusts: trustsSchema,
    status: {
      enum: ['active', 'disabled'],
      description:
        'disabled: it gets no tokens, and its sessions end. Left out: it stays as it is; a new one is active.',
    },
  },
} as const

/** Draft 7, which every editor knows. */
export const definitionsSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Definitions of Signet',
  description:
    'Roles, trusted issuers and clients as signet apply makes them. What is not named here is left as it is.',
  type: 'object',
  additionalProperties: false,
  properties: {
    $schema: { type: 'string', description: 'Where an editor finds this schema. Signet does not look at it.' },
    roles: {
      type: 'object',
      description: `Roles by name. ${ADMINISTRATOR} is built in, and has no place here.`,
      propertyNames: { pattern: ROLE_NAME },
      additionalProperties: roleSchema,
    },
    issuers: {
      type: 'object',
      description: "Trusted issuers of workloads' tokens, by name.",
      propertyNames: { pattern: ISSUER_NAME },
      additionalProperties: issuerSchema,
    },
    clients: {
      type: 'object',
      description: 'Clients by client_id.',
      propertyNames: { pattern: CLIENT_ID },
      additionalProperties: clientSchema,
    },
  },
} as const

interface ClientJson {
  readonly public?: boolean
  readonly grants?: readonly string[]
  readonly scope?: readonly string[]
  readonly audiences?: readonly string[]
  readonly origins?: readonly string[]
  readonly introspect?: readonly string[]
  readonly access_token_ttl?: string
  readonly grants_per_minute?: number
  readonly grants_per_minute_subject?: number
  readonly may_grant?: readonly string[]
  readonly forwards_address?: string
  readonly keys?: readonly KeyJson[]
  readonly trusts?: readonly TrustJson[]
  readonly status?: 'active' | 'disabled'
}

/** What the schema takes. */
export interface DefinitionsJson {
  readonly roles?: Readonly<Record<string, { readonly permissions: readonly string[] }>>
  readonly issuers?: Readonly<Record<string, IssuerJson>>
  readonly clients?: Readonly<Record<string, ClientJson>>
}

/** What is no duration is refused by the rules, as one that is too short. */
const secondsOf = (text: string): number => parseDuration(text) ?? 0

const clientOf = ([clientId, json]: [string, ClientJson]): DefinedClient => ({
  clientId,
  isPublic: json.public ?? false,
  grants: json.grants ?? [],
  scope: json.scope ?? [],
  audiences: json.audiences ?? [],
  origins: json.origins ?? [],
  introspect: json.introspect ?? [],
  accessTokenTtlSeconds: json.access_token_ttl === undefined ? null : secondsOf(json.access_token_ttl),
  grantsPerMinute:
    json.grants_per_minute === undefined
      ? null
      : { client: json.grants_per_minute, subject: json.grants_per_minute_subject ?? null },
  mayGrant: json.may_grant ?? [],
  forwardsAddress: json.forwards_address?.toLowerCase() ?? null,
  keys: (json.keys ?? []).map(keyOf),
  trusts: (json.trusts ?? []).map(trustOf),
  status: json.status,
})

/** @throws Error for keys that are none */
export const definitionsOf = ({ roles = {}, issuers = {}, clients = {} }: DefinitionsJson): Definitions => ({
  roles: Object.entries(roles).map(([name, { permissions }]) => ({ name, permissions })),
  issuers: Object.entries(issuers).map(issuerOf),
  clients: Object.entries(clients).map(clientOf),
})

/** Where order means nothing, it is that of the letters: the same definitions are the same text. */
const sorted = (list: readonly string[]): readonly string[] => list.toSorted()

function describeClient(client: DefinedClient): ClientJson {
  const { grantsPerMinute: limits, accessTokenTtlSeconds: seconds, mayGrant, forwardsAddress, status } = client
  const lists = {
    grants: sorted(client.grants),
    scope: sorted(client.scope),
    audiences: client.audiences,
    origins: sorted(client.origins),
    introspect: sorted(client.introspect),
  }
  return {
    ...(client.isPublic && { public: true }),
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
    ...(seconds !== null && { access_token_ttl: formatDuration(seconds) }),
    ...(limits !== null && { grants_per_minute: limits.client }),
    ...(limits !== null && limits.subject !== null && { grants_per_minute_subject: limits.subject }),
    ...(mayGrant.length > 0 && { may_grant: sorted(mayGrant) }),
    ...(forwardsAddress !== null && { forwards_address: forwardsAddress }),
    ...(client.keys.length > 0 && { keys: describeKeys(client.keys) }),
    ...(client.trusts.length > 0 && { trusts: describeTrusts(client.trusts) }),
    ...(status !== undefined && { status }),
  }
}

export function describeDefinitions({ roles, issuers, clients }: Definitions): DefinitionsJson {
  const byName = <T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> =>
    Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)))
  return {
    roles: byName(roles.map(({ name, permissions }) => [name, { permissions: sorted(permissions) }])),
    issuers: byName(issuers.map(issuer => [issuer.name, describeDefinedIssuer(issuer)])),
    clients: byName(clients.map(client => [client.clientId, describeClient(client)])),
  }
}
