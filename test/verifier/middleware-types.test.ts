/** The lines of the README, as a service would write them; the compiler checks them with `npm run typecheck`. */
import type { AccessTokenClaims, Verifier } from '@signet/verifier'
import { signetExpress } from '@signet/verifier/express'
import defaultExport, { signetFastify } from '@signet/verifier/fastify'
import { signetWeb } from '@signet/verifier/web'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { test } from 'tap'
import { api, freePort } from '../support/serve.ts'

const options = async () => ({ issuer: `http://127.0.0.1:${await freePort()}`, audience: api })

test("Fastify: the decorators and the caller's claims are typed, in routes with types of their own, too", async t => {
  const { issuer, audience } = await options()
  const app = fastify()
  t.teardown(() => app.close())
  app.register(signetFastify, { issuer, audience })
  await app.after()
  app.get('/me', { preHandler: app.authenticate }, request => request.user)
  app.get('/admin/stats', { preHandler: app.requireRole('admin') }, ({ user }) => user.roles?.includes('admin'))
  app.post('/posts', { preHandler: [app.requirePermission('posts:write', { mode: 'strict' })] }, () => 'written')
  app.get<{ Params: { id: string }; Querystring: { page: number }; Reply: { author: string } }>(
    '/posts/:id',
    { onRequest: app.requireToken({ mode: 'strict' }), preValidation: app.authenticate },
    ({ params, user }) => ({ author: params.id satisfies string, sub: user.sub satisfies string }),
  )
  app.addHook('onRequest', app.authenticate)
  // @ts-expect-error: there are two modes
  t.throws(() => app.requireToken({ mode: 'Strict' }))
  // @ts-expect-error: a role is a word
  t.throws(() => app.requireRole(['admin']))
  // @ts-expect-error: claims are not to be altered
  app.get('/altered', request => (request.user.sub = 'user_1'))
  t.equal((app.verifier satisfies Verifier).audience[0], audience)
})

test('Fastify: the plugin is both the default and a named export, and may be given a verifier; HTTP/2 is fine', async t => {
  t.equal(defaultExport, signetFastify)
  const { verifier } = signetExpress(await options())
  t.teardown(() => verifier.close())
  const app = fastify({ http2: true })
  t.teardown(() => app.close())
  await app.register(defaultExport, {
    verifier,
    formatError: ({ error, error_description, status, path }, request) => ({
      code: error satisfies string,
      message: error_description satisfies string,
      status: status satisfies number,
      path: path satisfies string,
      request: request.id,
    }),
  })
  app.get('/me', { preHandler: app.authenticate }, ({ user }) => user.sub)
  t.equal(app.verifier, verifier)
})

test("Express: the middlewares fit an application and a router, and the caller's claims are typed", async t => {
  const { issuer, audience } = await options()
  const { authenticate, requireToken, requireRole, requirePermission, verifier } = signetExpress({
    issuer,
    audience,
    formatError: (problem, request) => ({ ...problem, method: request.method }),
  })
  t.teardown(() => verifier.close())
  const app = express()
  app.get('/me', authenticate, (request, response) => {
    response.json(request.user)
  })
  app.get('/posts/:id', requireToken({ mode: 'strict' }), (request, response) => {
    response.json([request.user?.sub satisfies string | undefined, request.params.id satisfies string])
  })
  app.use('/admin', requireRole('admin'), express.Router().use(requirePermission('stats:read')))
  // @ts-expect-error: without a middleware there may be no user
  app.get('/open', (request, response) => void response.json(request.user.sub))
  t.equal(verifier.audience[0], audience)
  // @ts-expect-error: an audience is needed
  t.throws(() => signetExpress({ issuer }))
})

test('Web: after the refusal is sent the claims are typed, in Hono and anywhere else', async t => {
  const { authenticate, requireRole, verifier } = signetWeb(await options())
  t.teardown(() => verifier.close())
  async function handle(request: Request): Promise<Response> {
    const user = await authenticate(request)
    if (user instanceof Response) return user
    return Response.json({ sub: user.sub satisfies string, claims: user satisfies AccessTokenClaims })
  }
  const admin = requireRole('admin')
  const app = new Hono<{ Variables: { user: AccessTokenClaims } }>()
  app.use('/admin/*', async (context, next) => {
    const user = await admin(context.req.raw)
    if (user instanceof Response) return user
    context.set('user', user)
    return next()
  })
  app.get('/admin/stats', context => context.json({ sub: context.get('user').sub }))
  for (const { status } of [
    await handle(new Request('https://api.example.com/me')),
    await app.fetch(new Request('https://api.example.com/admin/stats')),
  ])
    t.equal(status, 401)
})
