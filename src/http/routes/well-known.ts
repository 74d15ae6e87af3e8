/** GET /.well-known/…: the JWK Set (RFC 7517 §5) and the metadata (RFC 8414 §3), open to every origin. */
import type { FastifyInstance } from 'fastify'
import type { PublishedKeys } from '../../keys/key-ring.ts'
import type { Metadata, OpenidConfiguration } from '../../oauth/metadata.ts'
import { JWKS_MAX_AGE_SECONDS } from '../../records/limits.ts'
import { type PublicDocument, sendDocument } from '../conditional.ts'

const cacheControl = (maxAge: number): string => `public, max-age=${maxAge}, must-revalidate`
const CACHE_CONTROL = cacheControl(JWKS_MAX_AGE_SECONDS)
const JSON_TYPE = 'application/json; charset=utf-8'

/** @param maxAge seconds for which a copy may be used: fewer before a planned change */
export function jwksRoute(app: FastifyInstance, publishedKeys: () => PublishedKeys, maxAge: () => number): void {
  app.route({
    method: 'GET',
    url: '/.well-known/jwks.json',
    config: { openToEveryOrigin: true },
    schema: {
      operationId: 'jwks',
      tags: ['Verification'],
      security: [],
      summary: 'The public keys that verify access tokens',
      description: 'RFC 7517 §5. A new key is published here before it signs. Poll with `If-None-Match`.',
      response: {
        200: {
          description: 'A JWK Set',
          headers: { ETag: { type: 'string' }, 'Cache-Control': { type: 'string', description: CACHE_CONTROL } },
          content: { 'application/json': { schema: jwkSetSchema } },
        },
        304: { description: 'As the caller has it', type: 'null' },
      },
    },
    handler: (request, reply) =>
      sendDocument(request, reply, publishedKeys(), { type: JSON_TYPE, cacheControl: cacheControl(maxAge()) }),
  })
}

interface Described {
  readonly url: string
  readonly operationId: string
  readonly description: string
  readonly document: object
  readonly documentSchema: object
}

function describedRoute(app: FastifyInstance, { url, operationId, description, ...its }: Described): void {
  const document: PublicDocument = { body: JSON.stringify(its.document) }
  app.route({
    method: 'GET',
    url,
    config: { openToEveryOrigin: true },
    schema: {
      operationId,
      tags: ['Verification'],
      security: [],
      summary: 'Where everything is, and what is supported',
      description,
      response: {
        200: {
          description: 'RFC 8414 §3.2',
          headers: { ETag: { type: 'string' }, 'Cache-Control': { type: 'string', description: CACHE_CONTROL } },
          content: { 'application/json': { schema: its.documentSchema } },
        },
        304: { description: 'As the caller has it', type: 'null' },
      },
    },
    handler: (request, reply) =>
      sendDocument(request, reply, document, { type: JSON_TYPE, cacheControl: CACHE_CONTROL }),
  })
}

/** @param url `/.well-known/…`, in front of the issuer's path */
export const metadataRoute = (app: FastifyInstance, url: string, document: Metadata): void =>
  describedRoute(app, {
    ...{ url, operationId: 'authorizationServerMetadata', document, documentSchema: metadataSchema },
    description: 'RFC 8414 §3: authorization server metadata.',
  })

/** OpenID Connect Discovery puts it behind the issuer's path. */
export const openidConfigurationRoute = (app: FastifyInstance, document: OpenidConfiguration): void =>
  describedRoute(app, {
    ...{ url: '/.well-known/openid-configuration', operationId: 'openidConfiguration' },
    ...{ document, documentSchema: openidConfigurationSchema },
    description: 'The same, with members that clients of OpenID Connect require of it. There are no ID tokens.',
  })

const stringArray = { type: 'array', items: { type: 'string' } } as const

const jwkSetSchema = {
  type: 'object',
  required: ['keys'],
  properties: {
    keys: {
      type: 'array',
      items: {
        type: 'object',
        required: ['kty', 'use', 'alg', 'kid', 'n', 'e'],
        properties: {
          kty: { type: 'string', enum: ['RSA'] },
          use: { type: 'string', enum: ['sig'] },
          alg: { type: 'string', enum: ['RS256'] },
          kid: { type: 'string', description: 'RFC 7638 thumbprint' },
          n: { type: 'string' },
          e: { type: 'string' },
        },
      },
    },
  },
} as const

const metadataSchema = {
  type: 'object',
  required: ['issuer', 'token_endpoint', 'jwks_uri'],
  properties: {
    issuer: { type: 'string', format: 'uri' },
    token_endpoint: { type: 'string', format: 'uri' },
    jwks_uri: { type: 'string', format: 'uri' },
    grant_types_supported: stringArray,
    token_endpoint_auth_methods_supported: stringArray,
    revocation_endpoint: { type: 'string', format: 'uri' },
    revocation_endpoint_auth_methods_supported: stringArray,
    introspection_endpoint: { type: 'string', format: 'uri' },
    introspection_endpoint_auth_methods_supported: stringArray,
    password_ticket_redemption_endpoint: {
      type: 'string',
      format: 'uri',
      description: 'Of Signet: where users set a password with a ticket.',
    },
    status_list_aggregation_endpoint: { type: 'string', format: 'uri' },
  },
} as const

const openidConfigurationSchema = {
  ...metadataSchema,
  properties: {
    ...metadataSchema.properties,
    response_types_supported: { ...stringArray, description: 'None: there is no authorization endpoint.' },
    subject_types_supported: stringArray,
    id_token_signing_alg_values_supported: { ...stringArray, description: 'What access tokens are signed with.' },
  },
} as const
