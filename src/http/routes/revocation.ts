/** POST /oauth/revoke (RFC 7009) and POST /oauth/introspect (RFC 7662). */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ClientRequest } from '../../oauth/client-authentication/client-authentication.ts'
import type { Introspection } from '../../oauth/introspection.ts'
import type { OriginRules } from '../browser-origins.ts'
import { handleClientRequest, prepareClientForm } from '../client-request.ts'
import { clientErrors, errorResponse, invalidClientOfPage } from '../schemas.ts'

export interface RevocationRouteOptions {
  readonly revocationEndpoint: (request: ClientRequest) => Promise<void>
  readonly introspectionEndpoint: (request: ClientRequest) => Promise<Introspection>
  readonly origins: OriginRules
}

export function revocationRoute(
  app: FastifyInstance,
  { revocationEndpoint, origins }: Pick<RevocationRouteOptions, 'revocationEndpoint' | 'origins'>,
): void {
  const revoke = handleClientRequest(revocationEndpoint, origins)
  app.route({
    method: 'POST',
    url: '/oauth/revoke',
    schema: {
      operationId: 'revoke',
      tags: ['OAuth'],
      summary: 'Revoke a token',
      description:
        'RFC 7009 §2. A refresh token of any generation ends its session with every access token of it; an access token ends with its ' +
        'siblings, and the session goes on with its next refresh, a machine with its next request. An API key ends with what was given ' +
        'for it, whichever client presents it. What is unknown or expired is no error. The revocation is durable when the answer comes, ' +
        'and the status list shows it.',
      security: [{ client: [] }, {}],
      consumes: ['application/x-www-form-urlencoded'],
      body: {
        ...tokenForm,
        properties: { ...tokenForm.properties, client_id: { type: 'string', examples: ['blog'] } },
      },
      response: {
        200: {
          description: 'RFC 7009 §2.2: revoked, or nothing to revoke',
          headers: { 'Cache-Control': { type: 'string', description: 'no-store' } },
          content: { 'application/json': { schema: { type: 'object', maxProperties: 0 } } },
        },
        400: errorResponse(`\`invalid_request\`, or \`invalid_grant\`: another client's token; ${invalidClientOfPage}`),
        ...clientErrors,
      },
    },
    onRequest: prepareClientForm,
    // Some clients fail on an answer that is not JSON.
    handler: async (request: FastifyRequest) => {
      await revoke(request)
      return {}
    },
  })
}

export function introspectionRoute(
  app: FastifyInstance,
  { introspectionEndpoint, origins }: Pick<RevocationRouteOptions, 'introspectionEndpoint' | 'origins'>,
): void {
  app.route({
    method: 'POST',
    url: '/oauth/introspect',
    schema: {
      operationId: 'introspect',
      tags: ['OAuth'],
      summary: 'Ask whether a token is active',
      description:
        'RFC 7662 §2, for confidential clients: access tokens and API keys for an audience that the client was given to introspect, and ' +
        'its own refresh tokens. Everything else is `{"active":false}`. What is stored wins over what a token claims.',
      security: [{ client: [] }],
      consumes: ['application/x-www-form-urlencoded'],
      body: tokenForm,
      response: {
        200: {
          description: 'RFC 7662 §2.2',
          headers: { 'Cache-Control': { type: 'string', description: 'no-store' } },
          content: { 'application/json': { schema: introspectionSchema } },
        },
        400: errorResponse(`\`invalid_request\`; ${invalidClientOfPage}`),
        ...clientErrors,
      },
    },
    onRequest: prepareClientForm,
    handler: handleClientRequest(introspectionEndpoint, origins),
  })
}

const tokenForm = {
  type: 'object',
  required: ['token'],
  properties: {
    token: { type: 'string', minLength: 1, description: 'An access token, a refresh token or an API key.' },
    token_type_hint: { type: 'string', description: 'Ignored: the form of a token says what it is.' },
    client_id: { type: 'string' },
    client_secret: { type: 'string', format: 'password' },
  },
} as const

const introspectionSchema = {
  type: 'object',
  required: ['active'],
  properties: {
    active: { type: 'boolean' },
    token_type: { type: 'string', enum: ['Bearer'], description: 'Of an access token.' },
    iss: { type: 'string', format: 'uri' },
    sub: { type: 'string' },
    username: { type: 'string', description: 'The name with which the user signs in; a client has none.' },
    aud: {
      anyOf: [
        { type: 'string', format: 'uri' },
        { type: 'array', items: { type: 'string', format: 'uri' } },
      ],
      description: 'Of an access token one, of an API key those that may be introspected.',
    },
    client_id: { type: 'string' },
    scope: { type: 'string', description: 'What the token or key says, and whoever it speaks of still has.' },
    roles: { type: 'array', items: { type: 'string' }, description: 'Of an access token.' },
    iat: { type: 'integer' },
    exp: { type: 'integer' },
    jti: { type: 'string', description: 'Of an access token.' },
    sid: { type: 'string' },
    auth_time: { type: 'integer', description: 'Of an access token.' },
    api_key_id: { type: 'string', description: 'Of an API key and of the tokens given for it.' },
  },
} as const
