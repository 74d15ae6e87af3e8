/** GET /oauth/status-lists (Token Status List, draft-ietf-oauth-status-list §8 and §9), open to every origin. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { STATUS_LIST_MAX_AGE, STATUS_LIST_TYPE } from '../../oauth/status-list/encoding.ts'
import type { Published, StatusListPublisher } from '../../oauth/status-list/publisher.ts'
import { sendDocument } from '../conditional.ts'
import { HttpError, notFound } from '../error-handler.ts'
import { noteForLog } from '../request-log.ts'
import { errorResponse } from '../schemas.ts'

const CACHE_CONTROL = `public, max-age=${STATUS_LIST_MAX_AGE}, must-revalidate`

const headers = {
  ETag: { type: 'string' },
  'Cache-Control': { type: 'string', description: CACHE_CONTROL },
  Age: {
    type: 'integer',
    description:
      'Only while the database does not answer: for how many seconds nobody could ask whether this is still so.',
  },
} as const

/** §8.4: what was revoked at another time. */
const noHistory = (): HttpError =>
  new HttpError({ status: 501, error: 'not_implemented', description: 'What a list said at another time is not kept.' })

function send(request: FastifyRequest, reply: FastifyReply, published: Published, type: string): FastifyReply {
  const { document, ageSeconds } = published
  if (ageSeconds !== undefined) {
    reply.header('age', ageSeconds)
    noteForLog(request, { outcome: 'stale' })
  }
  return sendDocument(request, reply, document, { type, cacheControl: CACHE_CONTROL })
}

export function statusListRoutes(app: FastifyInstance, statusLists: StatusListPublisher): void {
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
          headers,
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
        503: errorResponse('`temporarily_unavailable`, with Retry-After'),
      },
    },
    handler: async (request, reply) =>
      send(request, reply, await statusLists.aggregate(), 'application/json; charset=utf-8'),
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
          headers,
          content: { [`application/${STATUS_LIST_TYPE}`]: { schema: { type: 'string' } } },
        },
        304: { description: 'As the caller has it', type: 'null' },
        404: errorResponse('`not_found`'),
        501: errorResponse('`not_implemented`: with `time`, a list of another time (§8.4)'),
        503: errorResponse('`temporarily_unavailable`, with Retry-After'),
      },
    },
    handler: async (request: FastifyRequest, reply) => {
      if ((request.query as { time?: unknown }).time) throw noHistory()
      const { id } = request.params as { id: string }
      const published = await statusLists.find(id)
      if (published === undefined) throw notFound()
      return send(request, reply, published, `application/${STATUS_LIST_TYPE}`)
    },
  })
}
