/** Every path answers every method: with what it does, with a preflight, or with 405 and Allow (RFC 9110 §15.5.6). */
import type { FastifyContextConfig, FastifyInstance, FastifySchema, HTTPMethods } from 'fastify'
import { answerPreflight, isPreflight } from './browser-origins.ts'
import { HttpError } from './error-handler.ts'

/** To be called before the routes are added; what it answers, after. */
export function answerOtherMethods(app: FastifyInstance): () => void {
  // By `import`, everything that node:http exports would be read, and one of these getters loads a second HTTP client: 17 MB.
  for (const method of process.getBuiltinModule('node:http').METHODS) {
    if (!app.supportedMethods.includes(method) && method !== 'CONNECT') app.addHttpMethod(method)
  }
  const routes = new Map<string, { config: FastifyContextConfig; methods: Set<string> }>()
  app.addHook('onRoute', ({ url, method, config = {} }) => {
    const before = routes.get(url)?.methods ?? []
    routes.set(url, { config, methods: new Set([...before, ...[method].flat()]) })
  })

  return () => {
    for (const [url, { config, methods }] of [...routes]) {
      const allowed = app.supportedMethods.filter(method => methods.has(method))
      app.route({
        method: app.supportedMethods.filter(method => !methods.has(method)) as HTTPMethods[],
        url,
        config,
        exposeHeadRoute: false,
        schema: { hide: true } as FastifySchema,
        // Before the body is read: it does not matter what is in it.
        onRequest: async (request, reply) => {
          if (isPreflight(request)) return answerPreflight(request, reply, allowed)
          throw new HttpError({
            status: 405,
            error: 'method_not_allowed',
            description: 'This path does not take this method.',
            headers: { allow: allowed.join(', ') },
          })
        },
        handler: () => {},
      })
    }
  }
}
