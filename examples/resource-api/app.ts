/** The resource service: who may do what is said by the access token, which is verified here, with no call to the token service. */
import signetFastify from '@signet/verifier/fastify'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import type { Config } from './config.ts'
import { applyErrorShape, pathOf } from './errors.ts'
import { servePage } from './page.ts'
import { createPosts, newPostSchema } from './posts.ts'

export async function createApp(config: Config): Promise<FastifyInstance> {
  const { issuer, audience } = config
  // The log names the path without the query, in which a careless caller may have put a token.
  const serializers = { req: (request: FastifyRequest) => ({ method: request.method, path: pathOf(request) }) }
  const app = fastify({ logger: { serializers }, bodyLimit: 16 * 1024 })
  applyErrorShape(app)
  // An outage of the token service stops no request: the log is where it is seen.
  await app.register(signetFastify, { issuer, audience, onEvent: event => app.log.warn(event) })
  await app.register(servePage, config)
  const posts = createPosts()

  app.get('/me', { preHandler: app.authenticate }, request => request.user)

  app.get('/posts', () => posts.list())

  app.post<{ Body: { title: string } }>(
    '/posts',
    { preHandler: app.requirePermission('posts:write'), schema: { body: newPostSchema } },
    (request, reply) => {
      reply.code(201)
      return posts.add(request.body.title, request.user.sub)
    },
  )

  app.get('/admin/stats', { preHandler: app.requireRole('admin') }, () => posts.stats())

  app.get('/readyz', (_request, reply) => {
    const health = app.verifier.health()
    return reply.code(health.status === 'unavailable' ? 503 : 200).send(health)
  })

  return app
}
