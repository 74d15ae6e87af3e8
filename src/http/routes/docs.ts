/** GET /docs on the management port: openapi.yaml as a page that needs nothing from elsewhere. */
import type { FastifyInstance } from 'fastify'

// The default also upgrades to https, which the management port does not speak.
const pageMayLoadOnlyItself =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"

/** @param openapiFile path of openapi.yaml */
export async function docsRoutes(app: FastifyInstance, openapiFile: string): Promise<void> {
  const [{ default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ])
  await app.register(swagger, { mode: 'static', specification: { path: openapiFile, baseDir: '' } })
  const uiConfig = { validatorUrl: null }
  await app.register(swaggerUi, { routePrefix: '/docs', uiConfig, staticCSP: pageMayLoadOnlyItself })
}
