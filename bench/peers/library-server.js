/** What a library leaves to its user: an HTTP server. Fastify, as Signet has it; @jmondi/oauth2-server comes with an adapter for it. */
import formbody from '@fastify/formbody'
import fastify from 'fastify'

/** @param routes - handlers of Fastify by path, all of them for POST */
export async function serveLibrary({ port }, { jwks, routes }) {
  const app = fastify()
  await app.register(formbody)
  app.get('/.well-known/jwks.json', (_request, reply) =>
    reply.headers({ 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=300' }).send(jwks),
  )
  for (const [path, handler] of Object.entries(routes)) app.post(path, handler)
  await app.listen({ port, host: '127.0.0.1' })
}
