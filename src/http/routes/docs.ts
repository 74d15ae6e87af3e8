/** GET /docs on the management port: openapi.yaml as a page that needs nothing from elsewhere. */
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { notFound } from '../error-handler.ts'

// The default also upgrades to https, which the management port does not speak.
const pageMayLoadOnlyItself =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"

/** Read-only: the page is on another port than what it describes. */
const uiConfig = { validatorUrl: null, supportedSubmitMethods: [] }

/** An application of its own, which nobody waits for until somebody reads it. */
async function createReference(openapiFile: string): Promise<FastifyInstance> {
  const [{ default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ])
  const reference = fastify()
  await reference.register(swagger, { mode: 'static', specification: { path: openapiFile, baseDir: '' } })
  await reference.register(swaggerUi, { routePrefix: '/docs', uiConfig, staticCSP: pageMayLoadOnlyItself })
  return reference
}

/** @param openapiFile path of openapi.yaml */
export function docsRoutes(app: FastifyInstance, openapiFile: string): void {
  let reference: Promise<FastifyInstance> | undefined

  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    reference ??= createReference(openapiFile).catch(error => {
      reference = undefined
      throw error
    })
    const answer = await (await reference).inject({ url: request.url })
    if (answer.statusCode === 404) throw notFound()
    const { 'content-type': type, 'content-security-policy': policy, location } = answer.headers
    if (policy !== undefined) reply.header('content-security-policy', policy)
    if (location !== undefined) reply.header('location', location)
    return reply.code(answer.statusCode).type(String(type)).send(answer.rawPayload)
  }
  for (const url of ['/docs', '/docs/*']) app.route({ method: 'GET', url, schema: { hide: true } as object, handler })
}
