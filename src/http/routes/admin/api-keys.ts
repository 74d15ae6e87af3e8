/** /admin/api-keys: everybody's; made for machines only. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { DEFAULT_API_KEY_TTL_SECONDS, type NewOwnApiKey } from '../../../accounts/api-key-rules.ts'
import { type ApiKeys, BY_OPERATOR } from '../../../accounts/api-keys.ts'
import { type ApiKeyStatus, apiKeyStatuses, type ListedApiKey } from '../../../records/api-key.ts'
import { apiKeySchema, describeApiKey, withKey } from '../../../representations/api-key.ts'
import type { Administration } from '../../administration.ts'
import { jsonBody } from '../../json-body.ts'
import {
  pageBody,
  pageOf,
  pageQuery,
  pageSchema,
  positionIn,
  positionKey,
  queryParameter,
  queryWord,
} from '../../paging.ts'
import { expectationOf, locationIn, sendCreated, sendResource } from '../../resource.ts'
import { json, nothing, tooMany } from '../../schemas.ts'
import {
  ADMIN_BODY_LIMIT_BYTES as bodyLimit,
  adminConfig as config,
  errorsOf,
  ifMatch,
  notModified,
  ofAdministrator,
  pathOf,
} from './schemas.ts'

export interface ApiKeyRoutesOptions {
  readonly administration: Administration
  readonly apiKeys: Omit<ApiKeys, 'create' | 'list' | 'revokeAllOf'>
}

interface NewKey {
  readonly client_id?: string
  readonly user_id?: string
  readonly name: string
  readonly scope: string
  readonly audiences?: readonly string[]
  readonly expires_in?: number
}

const newKeySchema = {
  type: 'object',
  required: ['client_id', 'name', 'scope'],
  properties: {
    client_id: { type: 'string', description: 'The client whose key it is.', examples: ['web-app'] },
    name: { type: 'string', description: 'What the key is for, 1 to 64 characters.', examples: ['nightly import'] },
    scope: { type: 'string', description: 'Permissions, separated by spaces.', examples: ['posts:read'] },
    audiences: {
      type: 'array',
      items: { type: 'string' },
      description: 'Resource services that it is for; without them, every one that the exchanging client serves.',
      examples: [['https://api.example.com']],
    },
    expires_in: {
      type: 'integer',
      minimum: 1,
      maximum: 31_536_000,
      default: DEFAULT_API_KEY_TTL_SECONDS,
      description: 'Seconds, at most a year.',
    },
  },
  additionalProperties: false,
} as const

/** Somebody may ask for a user's, and is told why there is none. */
const readSchema = {
  ...newKeySchema,
  required: ['name', 'scope'],
  properties: { ...newKeySchema.properties, user_id: { type: 'string' } },
} as const

const params = pathOf('api_key_id', 'As the tokens name it that are given for the key.')
const words = (text: string): readonly string[] => text.split(' ').filter(word => word !== '')
const idOf = ({ params }: FastifyRequest): string => (params as { api_key_id: string }).api_key_id
const keyOf = ({ createdAtMs, id }: ListedApiKey): string => positionKey({ atMs: createdAtMs, id })

const toNewKey = ({ name, scope, audiences = [], expires_in }: NewKey): NewOwnApiKey => ({
  ...{ name, scope: words(scope), audiences },
  ttlSeconds: expires_in ?? DEFAULT_API_KEY_TTL_SECONDS,
})

export function apiKeyRoutes(app: FastifyInstance, { administration, apiKeys }: ApiKeyRoutesOptions): void {
  const { mayRead, mayWrite } = administration
  const newKey = jsonBody<NewKey>(readSchema)

  app.route({
    method: 'GET',
    url: '/admin/api-keys',
    config,
    schema: {
      ...ofAdministrator('listApiKeys', 'API keys', 'signet:api-keys:read'),
      querystring: pageQuery({
        client_id: { type: 'string', description: 'Those of this client.' },
        user_id: { type: 'string', description: 'Those of this user.' },
        status: { type: 'string', enum: apiKeyStatuses },
      }),
      response: {
        200: json('The keys, without what is secret of them, the oldest first', pageSchema('api_keys', apiKeySchema)),
        ...errorsOf.list,
      },
    },
    handler: async (request: FastifyRequest) => {
      await mayRead(request, 'signet:api-keys:read')
      const page = pageOf(request)
      const filters = {
        userId: queryParameter(request, 'user_id'),
        clientId: queryParameter(request, 'client_id'),
        status: queryWord<ApiKeyStatus>(request, 'status', apiKeyStatuses),
      }
      const found = await apiKeys.page(filters, positionIn(page.after), page.limit + 1)
      return pageBody('api_keys', page, found, describeApiKey, keyOf)
    },
  })

  app.route({
    method: 'POST',
    url: '/admin/api-keys',
    config,
    bodyLimit,
    schema: {
      ...ofAdministrator('addApiKey', 'Make an API key for a client', 'signet:api-keys:write'),
      description:
        'It takes the permission `signet:api-keys:write`, and every permission of the key. The key is shown once. Users make their own, ' +
        'at /me/api-keys.',
      body: newKeySchema,
      response: {
        201: json('The key', withKey(apiKeySchema)),
        ...errorsOf.creation,
        409: { ...errorsOf.creation[409], description: '`conflict`: 50 keys of the client work already' },
        429: tooMany('ten keys of the client were made within the hour'),
      },
    },
    handler: async (request: FastifyRequest, reply) => {
      const by = await mayWrite(request, 'signet:api-keys:write')
      const asked = newKey(request)
      const owner = { clientId: asked.client_id, userId: asked.user_id }
      const { key, text } = await apiKeys.createForMachine(owner, toNewKey(asked), by)
      const described = describeApiKey(key)
      return sendCreated(reply, locationIn(request, key.id), { ...described, api_key: text }, described)
    },
  })

  app.route({
    method: 'GET',
    url: '/admin/api-keys/:api_key_id',
    config,
    schema: {
      ...ofAdministrator('apiKey', 'An API key', 'signet:api-keys:read'),
      params,
      response: {
        200: json('The key, without what is secret of it', apiKeySchema),
        ...notModified,
        ...errorsOf.read,
      },
    },
    handler: async (request: FastifyRequest, reply) => {
      await mayRead(request, 'signet:api-keys:read')
      return sendResource(request, reply, describeApiKey(await apiKeys.find(idOf(request))))
    },
  })

  app.route({
    method: 'DELETE',
    url: '/admin/api-keys/:api_key_id',
    config,
    schema: {
      ...ofAdministrator('revokeApiKey', 'Revoke an API key', 'signet:api-keys:write'),
      description:
        'It takes the permission `signet:api-keys:write`. The tokens that were given for the key end with it. It stays in the list for 90 ' +
        'days, as revoked; to revoke it again changes nothing.',
      params,
      headers: ifMatch(),
      response: { 204: nothing, ...errorsOf.change },
    },
    handler: async (request: FastifyRequest, reply) => {
      const by = await mayWrite(request, 'signet:api-keys:write')
      const expect = expectationOf(request, describeApiKey)
      await apiKeys.revoke(idOf(request), { reason: BY_OPERATOR, by: { ...by, expect } })
      return reply.code(204).send()
    },
  })
}
