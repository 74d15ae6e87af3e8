/** A plugin for Fastify 5. Fastify is imported for its types only. */
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawServerBase,
  RegisterOptions,
  RouteGenericInterface,
} from 'fastify'
import type { AccessTokenClaims } from '../access-token-claims.ts'
import type { Verifier } from '../verifier.ts'
import { readNodeRequest } from './bearer-request.ts'
import { readDecorators, type SignetDecorators } from './fastify-decorators.ts'
import { createGuard, type MiddlewareOptions } from './guard.ts'
import type { ResourceMetadata } from './resource-metadata.ts'
import { createMiddlewares, type Middlewares } from './route-requirements.ts'

/** Of a server of any kind: HTTP/1 or HTTP/2, with TLS or without. */
type AnyRequest = FastifyRequest<RouteGenericInterface, RawServerBase>
type AnyReply = FastifyReply<RouteGenericInterface, RawServerBase>

/** For preHandler; for onRequest and preValidation, too, where a token in a form is not noticed as long as no body is parsed. */
export type SignetHook = (request: AnyRequest, reply: AnyReply) => Promise<unknown>

declare module 'fastify' {
  interface FastifyInstance extends Middlewares<SignetHook> {
    readonly verifier: Verifier
  }
  interface FastifyRequest {
    /** The claims of the access token. Null in a route without a hook of Signet, so that a forgotten one does not go unnoticed. */
    user: AccessTokenClaims
  }
}

export type { SignetDecorators } from './fastify-decorators.ts'

export type SignetFastifyOptions = MiddlewareOptions<AnyRequest> & {
  /** Names in place of the plugin's own, where others have taken those. */
  readonly decorators?: SignetDecorators | undefined
}

async function plugin(app: FastifyInstance, options: SignetFastifyOptions & RegisterOptions): Promise<void> {
  // What `register` takes for itself comes along.
  const { decorators = {}, prefix: _prefix, logLevel: _level, logSerializers: _serializers, ...guarding } = options
  // First of all, because it throws when the plugin is there already: no verifier is made then.
  const names = readDecorators(app, decorators)
  const { verifier, resourceMetadata: metadata, admit } = createGuard<AnyRequest>(guarding)
  if (!('verifier' in options) || options.verifier === undefined) app.addHook('onClose', async () => verifier.close())
  app.decorateRequest(names.user, null)

  const { authenticate, requireToken, requireRole, requirePermission } = createMiddlewares<SignetHook>(
    requirement => async (request, reply) => {
      // A hook for the whole application must not ask for a token where it is said where to get one.
      if (metadata?.isAskedFor(request.method, request.routeOptions.url ?? '')) return undefined
      const bearer = readNodeRequest(request.raw, request.originalUrl, request.body)
      const outcome = await admit(request, bearer, requirement)
      if ('refusal' in outcome) {
        const { status, headers, body } = outcome.refusal
        return reply.code(status).headers(headers).send(body)
      }
      Object.assign(request, { [names.user]: outcome.claims })
      return undefined
    },
  )
  if (metadata !== undefined) serve(app, metadata)
  app
    .decorate(names.verifier, verifier)
    .decorate(names.authenticate, authenticate)
    .decorate(names.requireToken, requireToken)
    .decorate(names.requireRole, requireRole)
    .decorate(names.requirePermission, requirePermission)
}

/** @throws TypeError where the document would lie elsewhere than challenges say */
function serve(app: FastifyInstance, { path, headers, body }: ResourceMetadata): void {
  if (app.prefix !== '')
    throw new TypeError('With resourceMetadata the plugin is registered on an instance without a prefix.')
  app.route({
    method: ['GET', 'HEAD'],
    url: path,
    handler: (_request, reply) => reply.headers(headers).send(body),
  })
}

/** What fastify-plugin sets: the decorators belong to the instance that registers the plugin, not to a child of it. */
export const signetFastify = Object.assign(plugin, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@signet/verifier',
  [Symbol.for('plugin-meta')]: { name: '@signet/verifier', fastify: '5.x' },
})

// biome-ignore lint/style/noDefaultExport: plugins of Fastify are default exports by custom
export default signetFastify
