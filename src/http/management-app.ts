/** The management port: health, metrics and the API reference. Not for the public. */
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { type BaseAppOptions, createBaseApp } from './base-app.ts'
import { answerOtherMethods } from './method-not-allowed.ts'
import { docsRoutes } from './routes/docs.ts'
import { healthRoutes, type Readiness } from './routes/health.ts'
import { type MetricsRouteOptions, metricsRoute } from './routes/metrics.ts'
import { managementWelcomeRoute } from './routes/welcome.ts'

export interface ManagementAppOptions extends BaseAppOptions {
  readonly readiness: Readiness
  readonly metrics: MetricsRouteOptions
  readonly issuer: string
}

const openapiFile = fileURLToPath(new URL('../../openapi.yaml', import.meta.url))

export function createManagementApp(options: ManagementAppOptions): FastifyInstance {
  const app = createBaseApp(options)
  const addOtherMethods = answerOtherMethods(app)
  managementWelcomeRoute(app, options.issuer)
  healthRoutes(app, options.readiness)
  metricsRoute(app, options.metrics)
  docsRoutes(app, { openapiFile, issuer: options.issuer })
  addOtherMethods()
  return app
}
