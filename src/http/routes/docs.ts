/** GET /docs on the management port: openapi.yaml as a page that needs nothing from elsewhere. */
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { type Description, describedAt } from '../described-service.ts'
import { notFound } from '../error-handler.ts'
import { layout, theme } from './docs-look.ts'

export interface DocsOptions {
  /** The path of openapi.yaml. */
  readonly openapiFile: string
  readonly issuer: string
}

/** A policy can't name an IPv6 address (CSP Level 3 §2.3.1): there it is the port, wherever. */
const sourceOf = (issuer: string): string => new URL(issuer).origin.replace(/\[.*\]/, '*')

/** The page asks the service that it describes. The default also upgrades to https, which the management port does not speak. */
const policyAt = (issuer: string): string =>
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  `connect-src 'self' ${sourceOf(issuer)}; frame-ancestors 'none'`

interface PageRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  body?: unknown
}

/**
 * Runs in the page, so it knows nothing of what stands around it. What signs a user in by "Authorize" is for what the page then calls,
 * Signet's own API; the form has no field to say so. Only that form sends this header.
 */
function forOwnApi(request: PageRequest): PageRequest {
  const isSignIn =
    request.headers['X-Requested-With'] !== undefined && /(^|&)grant_type=password(&|$)/.test(`${request.body}`)
  if (isSignIn) request.body += `&resource=${encodeURIComponent(request.url.replace(/\/oauth\/token$/, ''))}`
  return request
}

// Its types expect a request of the Fetch Standard, which the page's is not.
const uiConfig = { layout, validatorUrl: null, requestInterceptor: forOwnApi as never }

/** An application of its own, which nobody waits for until somebody reads it. */
async function createReference({ openapiFile, issuer }: DocsOptions): Promise<FastifyInstance> {
  const [{ default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ])
  const reference = fastify()
  const postProcessor = (description: object) => describedAt(issuer, description as Description) as never
  const specification = { path: openapiFile, baseDir: '', postProcessor }
  await reference.register(swagger, { mode: 'static', specification })
  await reference.register(swaggerUi, { routePrefix: '/docs', uiConfig, theme, staticCSP: policyAt(issuer) })
  return reference
}

export function docsRoutes(app: FastifyInstance, options: DocsOptions): void {
  let reference: Promise<FastifyInstance> | undefined

  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    reference ??= createReference(options).catch(error => {
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
