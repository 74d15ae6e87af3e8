/** POST /oauth/token (RFC 6749 §3.2). */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ClientRequest } from '../../oauth/client-authentication/client-authentication.ts'
import type { TokenResponse } from '../../oauth/token-issuer.ts'
import { ACCESS_TOKEN_TYPE, API_KEY_TYPE } from '../../oauth/token-types.ts'
import { type GrantType, grantTypes } from '../../records/client.ts'
import type { OriginRules } from '../browser-origins.ts'
import { handleClientRequest, prepareClientForm } from '../client-request.ts'
import { formOf } from '../form-parameters.ts'
import { noteForLog } from '../request-log.ts'
import { clientErrors, errorResponse, invalidClientOfPage, tooMany } from '../schemas.ts'

export interface TokenRouteOptions {
  readonly tokenEndpoint: (request: ClientRequest) => Promise<TokenResponse>
  readonly origins: OriginRules
}

/** What the caller asks for, in one of few words. */
const grantTypeOf = (request: FastifyRequest): string => {
  const { grant_type: asked = '' } = formOf(request)
  return grantTypes.includes(asked as GrantType) ? asked : 'other'
}

export function tokenRoute(app: FastifyInstance, { tokenEndpoint, origins }: TokenRouteOptions): void {
  const answer = handleClientRequest(tokenEndpoint, origins)
  app.route({
    method: 'POST',
    url: '/oauth/token',
    schema,
    onRequest: prepareClientForm,
    serializerCompiler: () => JSON.stringify,
    handler: request => {
      noteForLog(request, { grant_type: grantTypeOf(request) })
      return answer(request)
    },
  })
}

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange' satisfies GrantType

/** What each grant needs beside the client's authentication. */
const neededBy: Readonly<Record<GrantType, readonly string[]>> = {
  password: ['username', 'password'],
  refresh_token: ['refresh_token'],
  client_credentials: [],
  [EXCHANGE]: ['subject_token', 'subject_token_type'],
}

const code = (text: string) => `\`${text}\``
const rows = grantTypes.map(grant => `| ${code(grant)} | ${neededBy[grant].map(code).join(', ') || 'nothing else'} |`)
const tableOfGrants = ['| `grant_type` | needs |', '|---|---|', ...rows].join('\n')

const schema = {
  operationId: 'token',
  tags: ['OAuth'],
  summary: 'Exchange a credential for tokens',
  description:
    'RFC 6749 §3.2 with the grants `password` (§4.3), `refresh_token` (§6), `client_credentials` (§4.4), and the exchange of an API key ' +
    '(RFC 8693). The client authenticates by HTTP Basic, by `client_id` and `client_secret` in the body, or, if it is public, by ' +
    '`client_id` alone, in the body or by Basic with an empty secret. A refresh token is replaced at each use; the same answer comes again ' +
    `when it is used twice within the grace.\n\n${tableOfGrants}`,
  security: [{ client: [] }, {}],
  consumes: ['application/x-www-form-urlencoded'],
  body: {
    type: 'object',
    required: ['grant_type'],
    properties: {
      grant_type: { type: 'string', enum: grantTypes, examples: ['password'] },
      username: { type: 'string', minLength: 1, description: 'For `password`.', examples: ['alice'] },
      password: {
        type: 'string',
        format: 'password',
        minLength: 1,
        description: 'For `password`.',
        examples: ['correct horse battery staple 9'],
      },
      refresh_token: { type: 'string', minLength: 1, description: 'For `refresh_token`.' },
      subject_token: { type: 'string', format: 'password', minLength: 1, description: 'For an exchange: the API key.' },
      subject_token_type: { type: 'string', enum: [API_KEY_TYPE], description: 'For an exchange.' },
      requested_token_type: {
        type: 'string',
        enum: [ACCESS_TOKEN_TYPE],
        description: 'For an exchange; may be left out.',
      },
      audience: { type: 'string', description: 'For an exchange: the same as `resource`; it may be a name.' },
      scope: {
        type: 'string',
        description: 'Permissions, separated by spaces. Without it: all that may be had.',
      },
      resource: {
        type: 'string',
        format: 'uri',
        description:
          'One of the audiences of the client that are URIs (RFC 8707). Without it: the first. `/me` and `/admin` take tokens for the issuer.',
      },
      client_id: { type: 'string', examples: ['blog'] },
      client_secret: { type: 'string', format: 'password' },
    },
  },
  response: {
    200: {
      description: 'RFC 6749 §5.1',
      headers: { 'Cache-Control': { type: 'string', description: 'no-store' } },
      content: {
        'application/json': {
          schema: {
            type: 'object',
            required: ['access_token', 'token_type', 'expires_in'],
            properties: {
              access_token: { type: 'string', description: 'A JWT (RFC 9068), signed with RS256.' },
              issued_token_type: {
                type: 'string',
                enum: [ACCESS_TOKEN_TYPE],
                description: 'Of an exchange (RFC 8693 §2.2.1).',
              },
              token_type: { type: 'string', enum: ['Bearer'] },
              expires_in: { type: 'integer', description: 'Seconds.' },
              scope: { type: 'string', description: 'What was granted, separated by spaces.' },
              refresh_token: {
                type: 'string',
                description: 'Of a sign-in, for a client with the grant `refresh_token`.',
              },
            },
          },
        },
      },
    },
    400: errorResponse(
      '`invalid_request`, `invalid_grant`, `invalid_scope`, `invalid_target`, `unauthorized_client` or `unsupported_grant_type`; ' +
        invalidClientOfPage,
    ),
    ...clientErrors,
    429: tooMany(
      'too many wrong passwords, wrong client secrets from this address, or tokens of a client that is limited',
    ),
  },
} as const
