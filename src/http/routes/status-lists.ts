/** GET /oauth/status-lists (Token Status List, draft-ietf-oauth-status-list §8 and §9), open to every origin. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { STATUS_LIST_TTL, STATUS_LIST_TYPE } from '../../oauth/status-list/encoding.ts'
import type { StatusListPublisher } from '../../oauth/status-list/publisher.ts'
import { acceptsGzip, entityTagOf, sendVersioned } from '../conditional.ts'
import { notFound } from '../error-handler.ts'
import { errorResponse } from '../schemas.ts'

const CACHE_CONTROL = `public, max-age=${STATUS_LIST_TTL}`

export type StatusListRoutesOptions = Pick<StatusListPublisher, 'find' | 'uris'>

export function statusListRoutes(app: FastifyInstance, statusLists: StatusListRoutesOptions): void {
  app.route({
    method: 'GET',
    url: '/oauth/status-lists',
    config: { openToEveryOrigin: true },
    schema: {
      operationId: 'statusLists',
      tags: ['Verification'],
      security: [],
      summary: 'Where the status lists are',
      description:
        'Token Status List §9: the lists that access tokens point to at this moment. Poll with `If-None-Match`.',
      response: {
        200: {
          description: 'Status List Aggregation',
          headers: { ETag: { type: 'string' }, 'Cache-Control': { type: 'string', description: CACHE_CONTROL } },
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['status_lists'],
                properties: { status_lists: { type: 'array', items: { type: 'string', format: 'uri' } } },
              },
            },
          },
        },
        304: { description: 'As the caller has it', type: 'null' },
      },
    },
    handler: async (request, reply) => {
      const document = { body: JSON.stringify({ status_lists: statusLists.uris() }) }
      return sendVersioned(request, reply, {
        ...document,
        etag: entityTagOf(document),
        type: 'application/json; charset=utf-8',
        cacheControl: CACHE_CONTROL,
      })
    },
  })

  app.route({
    method: 'GET',
    url: '/oauth/status-lists/:id',
    config: { openToEveryOrigin: true },
    schema: {
      operationId: 'statusList',
      tags: ['Verification'],
      security: [],
      summary: 'Which access tokens are revoked',
      description:
        'Token Status List §5.1, §8: a signed list with one bit for each index. The bit of a revoked token is set for as long as a ' +
        'verifier could accept the token. Poll with `If-None-Match`.',
      params: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
      response: {
        200: {
          description: 'A Status List Token',
          headers: { ETag: { type: 'string' }, 'Cache-Control': { type: 'string', description: CACHE_CONTROL } },
          content: { [`application/${STATUS_LIST_TYPE}`]: { schema: { type: 'string' } } },
        },
        304: { description: 'As the caller has it', type: 'null' },
        404: errorResponse('`not_found`'),
        503: errorResponse('`temporarily_unavailable`, with Retry-After'),
      },
    },
    handler: async (request: FastifyRequest, reply) => {
      const { id } = request.params as { id: string }
      const document = await statusLists.find(id)
      if (document === undefined) throw notFound()
      const etag = entityTagOf(document)
      const version = { etag, type: `application/${STATUS_LIST_TYPE}`, cacheControl: CACHE_CONTROL }
      reply.header('vary', 'Accept-Encoding')
      if (!acceptsGzip(request)) return sendVersioned(request, reply, { ...version, body: document.body })
      // §8.2: SHOULD be compressed. The same document under another name, because it is other bytes (RFC 9110 §8.8.3.3).
      reply.header('content-encoding', 'gzip')
      const gzipped = { etag: etag.replace(/"$/, '-gzip"'), body: document.gzipped }
      return sendVersioned(request, reply, { ...version, ...gzipped })
    },
  })
}
