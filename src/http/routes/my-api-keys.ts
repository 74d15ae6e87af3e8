/** /me/api-keys: the keys of the signed-in user. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { DEFAULT_API_KEY_TTL_SECONDS, type NewOwnApiKey } from '../../accounts/api-key-rules.ts'
import type { ApiKeys } from '../../accounts/api-keys.ts'
import { AccountError } from '../../accounts/rules.ts'
import type { Clock } from '../../clock.ts'
import { type FormParameters, needed } from '../../oauth/form.ts'
import { describeOwnApiKey, ownApiKeySchema, withKey } from '../../representations/api-key.ts'
import { type AuthenticateBearer, assertSignedInJustNow, invalidToken } from '../bearer.ts'
import { invalidFields } from '../error-handler.ts'
import { formOf } from '../form-parameters.ts'
import { refuseQuery } from '../form-query.ts'
import { provenanceOf } from '../provenance.ts'
import { bearerErrors, errorResponse, fieldErrors, json, nothing, ofUser } from '../schemas.ts'

export interface MyApiKeysOptions {
  readonly authenticateUser: AuthenticateBearer
  readonly apiKeys: Omit<ApiKeys, 'create' | 'list' | 'revokeAllOf'>
  readonly clock: Clock
}

const REASON = 'revoked_by_owner'

const words = (text: string | undefined): readonly string[] => (text ?? '').split(' ').filter(word => word !== '')

/** @throws OAuthError invalid_request, HttpError 422 */
function readNewKey(parameters: FormParameters): NewOwnApiKey {
  const { name, scope } = needed(parameters, 'name', 'scope')
  const { audience, expires_in: expiresIn } = parameters
  if (expiresIn !== undefined && !/^[1-9]\d{0,8}$/.test(expiresIn))
    throw invalidFields([{ field: 'expires_in', message: 'It is a number of seconds.' }])
  const ttlSeconds = expiresIn === undefined ? DEFAULT_API_KEY_TTL_SECONDS : Number(expiresIn)
  return { name, scope: words(scope), audiences: words(audience), ttlSeconds }
}

export function myApiKeysRoutes(app: FastifyInstance, { authenticateUser, apiKeys, clock }: MyApiKeysOptions): void {
  /** Of a session that ended since it was looked at, the token is as little good as a moment later. */
  function refuse(error: unknown): never {
    throw error instanceof AccountError && error.code === 'not_found' ? invalidToken() : error
  }

  app.route({
    method: 'GET',
    url: '/me/api-keys',
    schema: {
      ...ofUser('myApiKeys', 'The API keys of the user'),
      description: 'Also those that were revoked or have expired in the last 90 days; the oldest first.',
      response: { 200: json('The keys, without what is secret of them', apiKeysSchema), ...bearerErrors },
    },
    handler: async (request: FastifyRequest) => {
      const { session } = await authenticateUser(request)
      const keys = await apiKeys.listOwn(session.subjectId)
      return { api_keys: keys.map(describeOwnApiKey) }
    },
  })

  app.route({
    method: 'POST',
    url: '/me/api-keys',
    config: { tellsFields: {} },
    schema: {
      ...ofUser('createMyApiKey', 'Make an API key'),
      description:
        'It needs a sign-in within the last 30 minutes. The key has at most the scope of the token that is sent and the audiences of its ' +
        'client. It is shown once.',
      consumes: ['application/x-www-form-urlencoded'],
      body: newKeySchema,
      response: {
        201: json('The key', withKey(ownApiKeySchema)),
        ...bearerErrors,
        400: errorResponse(
          '`invalid_request`: a parameter is missing; `invalid_scope`: beyond the scope of the token, `invalid_target`: beyond the audiences of its client',
        ),
        401: errorResponse(
          '`missing_token`, `invalid_token`; `insufficient_user_authentication`: the sign-in is older than 30 minutes (RFC 9470 §3)',
        ),
        409: errorResponse('`conflict`: 50 keys work already'),
        413: errorResponse('`invalid_request`: the body is larger than 16 KiB'),
        415: errorResponse('`invalid_request`: not a form in UTF-8'),
        422: fieldErrors('`invalid_request`, with `errors`: what is wrong with which parameter'),
        429: errorResponse('`too_many_requests`, with Retry-After: ten keys were made within the hour'),
      },
    },
    onRequest: async request => refuseQuery(request),
    handler: async (request: FastifyRequest, reply) => {
      const live = await authenticateUser(request)
      assertSignedInJustNow(live, clock)
      const { session, claims } = live
      const { id: sessionId, subjectId: userId, clientId } = session
      const asking = { userId, sessionId, clientId, scope: words(claims.scope) }
      const asked = readNewKey(formOf(request))
      const { key, text } = await apiKeys.createOwn(asking, asked, provenanceOf(request, 'user')).catch(refuse)
      return reply.code(201).send({ ...describeOwnApiKey(key), api_key: text })
    },
  })

  app.route({
    method: 'DELETE',
    url: '/me/api-keys/:id',
    schema: {
      ...ofUser('revokeMyApiKey', 'Revoke an API key'),
      description: 'The tokens that were given for it end with it.',
      params: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
      response: { 204: nothing, ...bearerErrors, 404: errorResponse('`not_found`: no such key of this user') },
    },
    handler: async (request: FastifyRequest, reply) => {
      const { session } = await authenticateUser(request)
      const { id } = request.params as { id: string }
      await apiKeys.revoke(id, { reason: REASON, by: provenanceOf(request, 'user'), ownerId: session.subjectId })
      return reply.code(204).send()
    },
  })
}

const newKeySchema = {
  type: 'object',
  required: ['name', 'scope'],
  properties: {
    name: {
      type: 'string',
      minLength: 1,
      maxLength: 64,
      description: 'What the key is for, 1 to 64 characters.',
      examples: ['nightly'],
    },
    scope: {
      type: 'string',
      minLength: 1,
      description: 'Permissions, separated by spaces.',
      examples: ['posts:read'],
    },
    audience: {
      type: 'string',
      description: 'Resource services that it is for, separated by spaces. Without it: those of the client.',
    },
    expires_in: {
      type: 'integer',
      minimum: 1,
      maximum: 31_536_000,
      description: 'Seconds, at most a year. Without it: 90 days.',
    },
  },
} as const

const apiKeysSchema = {
  type: 'object',
  required: ['api_keys'],
  properties: { api_keys: { type: 'array', items: ownApiKeySchema } },
} as const
