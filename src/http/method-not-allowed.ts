/** Every path answers every method: with what it does, with a preflight, or with 405 and Allow (RFC 9110 §15.5.6). */
import { METHODS } from 'node:http'
import type { FastifyContextConfig, FastifyInstance, FastifySchema, HTTPMethods } from 'fastify'
import { answerPreflight, isPreflight } from './browser-origins.ts'
import { HttpError } from './error-handler.ts'

/** To be called before the routes are added; what it answers, after. */
export function answerOtherMethods(app: FastifyInstance): () => void {
  for (const method of METHODS) {
    if (!app.supportedMethods.includes(method) && method !== 'CONNECT') app.addHttpMethod(method)
  }
  const configOf = new Map<string, FastifyContextConfig>()
  app.addHook('onRoute', ({ url, config = {} }) => void configOf.set(url, config))

  return () => {
    for (const [url, config] of [...configOf]) {
      const exists = (method: string) => app.hasRoute({ url, method: method as HTTPMethods })
      const allowed = app.supportedMethods.filter(exists)
      app.route({
        method: app.supportedMethods.filter(method => !exists(method)) as HTTPMethods[],
        url,
        config,
        exposeHeadRoute: false,
        schema: { hide: true } as FastifySchema,
        // Before the body is read: it does not matter what is in it.
        onRequest: async (request, reply) => {
          if (isPreflight(request)) return answerPreflight(reply, allowed)
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
