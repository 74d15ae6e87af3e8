/** GET /metrics, on the management port. */
import type { FastifyInstance } from 'fastify'
import { onManagementPort } from './health.ts'

export interface MetricsRouteOptions {
  readonly contentType: string
  readonly render: () => Promise<string>
}

export function metricsRoute(app: FastifyInstance, { contentType, render }: MetricsRouteOptions): void {
  app.route({
    method: 'GET',
    url: '/metrics',
    schema: {
      ...onManagementPort(),
      operationId: 'metrics',
      tags: ['Management'],
      security: [],
      summary: 'What Prometheus scrapes',
      response: {
        200: {
          description: "Prometheus' text format. What the database does not tell within a second is left out.",
          content: { 'text/plain': { schema: { type: 'string' } } },
        },
      },
    },
    handler: async (_request, reply) =>
      reply
        .header('cache-control', 'no-store')
        .type(contentType)
        .serializer((text: string) => text)
        .send(await render()),
  })
}
