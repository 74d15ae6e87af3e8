import type { AddressInfo } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import formbody from '@fastify/formbody'
import signetFastify from '@signet/verifier/fastify'
import fastify from 'fastify'
import { test } from 'tap'
import { apiKeyConformance } from '../support/api-key-conformance.ts'
import { askOver } from '../support/middleware-calls.ts'
import { conformance, type Framework, routesOf } from '../support/middleware-conformance.ts'
import { callers, standIn } from '../support/resource-callers.ts'
import { resourceMetadataConformance } from '../support/resource-metadata-conformance.ts'
import { api, claimsOf, freePort } from '../support/serve.ts'

const framework: Framework = {
  name: 'Fastify',
  readsForms: true,
  async middlewares(_, verifier) {
    const app = fastify()
    await app.register(signetFastify, { verifier })
    return app
  },
  async start(t, options) {
    let served = 0
    const app = fastify()
    t.teardown(() => app.close())
    app.setErrorHandler((error: Error, _, reply) => reply.code(500).send(error.message))
    await app.register(formbody)
    await app.register(signetFastify, options)
    for (const [url, preHandler] of routesOf(app))
      app.route({
        method: ['GET', 'POST'],
        url,
        preHandler,
        handler(request) {
          served += 1
          return request.user
        },
      })
    await app.listen({ port: 0, host: '127.0.0.1' })
    return { ask: askOver((app.server.address() as AddressInfo).port), served: () => served }
  },
}

conformance(framework)
apiKeyConformance(framework)
resourceMetadataConformance(framework)

const noCode = 'Bearer realm="https://api.example.com"'

test('the hooks work wherever a hook may be, and see a token in a form as soon as the body is parsed', async t => {
  const { verifier, tokens } = await callers(t)
  const app = fastify()
  t.teardown(() => app.close())
  await app.register(formbody)
  await app.register(signetFastify, { verifier })
  for (const hook of ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const)
    app.post(`/${hook}`, { [hook]: app.authenticate }, request => request.user.sub)
  const headers = { authorization: `Bearer ${tokens.good}`, 'content-type': 'application/x-www-form-urlencoded' }
  for (const [hook, status] of [
    ['onRequest', 200],
    ['preParsing', 200],
    ['preValidation', 400],
    ['preHandler', 400],
  ] as const) {
    const url = `/${hook}`
    const without = await app.inject({
      method: 'POST',
      url,
      headers: { ...headers, authorization: '' },
      payload: 'a=b',
    })
    t.match(without, { statusCode: 401, headers: { 'www-authenticate': noCode } }, hook)
    const good = await app.inject({ method: 'POST', url, headers, payload: 'a=b' })
    t.match(good, { statusCode: 200, body: claimsOf(tokens.good).sub }, hook)
    t.equal((await app.inject({ method: 'POST', url, headers, payload: 'access_token=x' })).statusCode, status, hook)
  }
})

test('a hook for a whole plugin refuses before a body is read, even when the refusal takes its time to be sent', async t => {
  const { verifier } = await callers(t)
  const app = fastify()
  t.teardown(() => app.close())
  await app.register(signetFastify, { verifier })
  app.addHook('onSend', async () => void (await nextTurn()))
  app.addHook('onRequest', app.authenticate)
  app.post('/posts', { schema: { body: { type: 'object', required: ['title'] } } }, () => t.fail('reached'))
  const { statusCode, headers } = await app.inject({ method: 'POST', url: '/posts', payload: 'no JSON' })
  t.match([statusCode, headers], [401, { 'www-authenticate': noCode }])
})

test("a refusal is not touched by a route's own response schema, and answers HEAD without a body", async t => {
  const { verifier } = await callers(t)
  const app = fastify()
  t.teardown(() => app.close())
  await app.register(signetFastify, { verifier })
  const schema = { response: { '4xx': { type: 'object', properties: { other: { type: 'string' } } } } }
  app.get('/me', { schema, preHandler: app.authenticate }, request => request.user)
  t.match((await app.inject('/me')).json(), { error: 'missing_token', path: '/me' })
  const { statusCode, headers, body } = await app.inject({ method: 'HEAD', url: '/me' })
  t.match([statusCode, headers, body], [401, { 'www-authenticate': noCode, 'cache-control': 'no-store' }, ''])
})

test('the decorators are there for the instance that registers the plugin and for all below it', async t => {
  const app = fastify()
  t.teardown(() => app.close())
  app.register(signetFastify, { verifier: (await callers(t)).verifier })
  app.register(
    async child => {
      child.get('/me', { preHandler: child.requireRole('admin') }, request => request.user)
    },
    { prefix: '/child' },
  )
  app.get('/open', request => ({ user: request.user }))
  t.match((await app.inject('/child/me?x=1')).json(), { error: 'missing_token', path: '/child/me' })
  t.same((await app.inject('/open')).json(), { user: null })
})

test('a plugin with options makes a verifier of its own, and closes it with the application', async t => {
  const { service, tokens } = await callers(t)
  const app = fastify()
  await app.register(signetFastify, { issuer: service.issuer, audience: [api, 'https://posts.example.com'] })
  app.get('/me', { preHandler: app.authenticate }, request => request.user.sub)
  const { body } = await app.inject({ url: '/me', headers: { authorization: `Bearer ${tokens.good}` } })
  t.equal(body, claimsOf(tokens.good).sub)
  await app.close()

  const unreachable = fastify()
  await unreachable.register(signetFastify, { issuer: `http://127.0.0.1:${await freePort()}`, audience: api })
  const ready = unreachable.verifier.ready()
  await unreachable.close()
  await t.rejects(ready, { name: 'TokenError', code: 'unavailable' }, 'nothing is waited for any longer')
})

test('a verifier that a plugin was given stays open', async t => {
  let closed = 0
  const { verify } = (await callers(t)).verifier
  const close = () => {
    closed += 1
  }
  const verifier = standIn(verify, { close })
  const app = fastify()
  await app.register(signetFastify, { verifier })
  await app.close()
  t.equal(closed, 0)
})

test('what is wrong with the options, or a second registration, is said when the application starts', async t => {
  const { verifier } = await callers(t)
  const wrong = fastify()
  t.teardown(() => wrong.close())
  wrong.register(signetFastify, { issuer: '', audience: api })
  await t.rejects(Promise.resolve(wrong.ready()), { name: 'TypeError', message: /issuer/ })
  const twice = fastify()
  t.teardown(() => twice.close())
  twice.register(signetFastify, { verifier })
  twice.register(signetFastify, { verifier })
  await t.rejects(Promise.resolve(twice.ready()), { code: 'FST_ERR_DEC_ALREADY_PRESENT', message: /'user'/ })
})

test('a token in a form is seen whatever the parser makes of forms', async t => {
  const { verifier, tokens } = await callers(t)
  const app = fastify()
  t.teardown(() => app.close())
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_: unknown, body: string) => new URLSearchParams(body),
  )
  await app.register(signetFastify, { verifier })
  app.post('/', { preHandler: app.authenticate }, request => request.user.sub)
  const headers = { authorization: `Bearer ${tokens.good}`, 'content-type': 'application/x-www-form-urlencoded' }
  for (const [payload, status] of [
    ['a=b', 200],
    ['access_token=x', 400],
  ] as const)
    t.equal((await app.inject({ method: 'POST', url: '/', headers, payload })).statusCode, status)
})
