/** GET /livez and /readyz, on the management port, and GET /healthz, on the public one. */
import type { FastifyInstance } from 'fastify'
import { TemporarilyUnavailable } from '../../oauth/oauth-error.ts'
import { HttpError, unavailable } from '../error-handler.ts'
import { errorResponse } from '../schemas.ts'

export interface Readiness {
  /** False from the moment a shutdown begins. */
  readonly isServing: () => boolean
  /** Each rejects, or answers false, when what it proves does not work. */
  readonly proofs: readonly (() => Promise<unknown>)[]
}

/** These paths are not where the rest is. */
export const onManagementPort = () => ({
  servers: [{ url: 'http://127.0.0.1:9090', description: 'The management port' }],
})

const ok = {
  200: {
    description: 'Yes',
    content: {
      'application/json': {
        schema: { type: 'object', required: ['status'], properties: { status: { type: 'string', enum: ['ok'] } } },
      },
    },
  },
} as const

/**
 * For a balancer that reaches this port alone. It says nothing of the database: the documents that resource services poll are served
 * without it, too.
 */
export function servingRoute(app: FastifyInstance, isServing: Readiness['isServing']): void {
  app.route({
    method: 'GET',
    url: '/healthz',
    schema: {
      operationId: 'healthz',
      tags: ['Management'],
      security: [],
      summary: 'Does it serve? From the beginning of a shutdown on it says no',
      response: { ...ok, 503: errorResponse('`temporarily_unavailable`, with Retry-After') },
    },
    handler: async (_request, reply) => {
      if (!isServing()) throw stopping()
      return reply.header('cache-control', 'no-store').send({ status: 'ok' })
    },
  })
}

/** It was told to: that is no fault, and nothing for the log. */
const stopping = (): TemporarilyUnavailable => new TemporarilyUnavailable('the service is stopping')

export function healthRoutes(app: FastifyInstance, { isServing, proofs }: Readiness): void {
  app.route({
    method: 'GET',
    url: '/livez',
    schema: {
      ...onManagementPort(),
      operationId: 'livez',
      tags: ['Management'],
      security: [],
      summary: 'Is the process alive?',
      response: ok,
    },
    handler: async (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }),
  })

  app.route({
    method: 'GET',
    url: '/readyz',
    schema: {
      ...onManagementPort(),
      operationId: 'readyz',
      tags: ['Management'],
      security: [],
      summary: 'Can it serve? The database answers and the active key signs',
      response: { ...ok, 503: errorResponse('`temporarily_unavailable`, with Retry-After') },
    },
    handler: async (_request, reply) => {
      const results = await Promise.allSettled(proofs.map(async prove => (await prove()) !== false))
      const failed = results.flatMap(result => (result.status === 'rejected' ? [result.reason] : []))
      const proved = results.every(result => result.status === 'fulfilled' && result.value)
      if (!proved) throw new HttpError(unavailable(1), { cause: failed[0] ?? 'the active key does not prove itself' })
      if (!isServing()) throw stopping()
      return reply.header('cache-control', 'no-store').send({ status: 'ok' })
    },
  })
}
