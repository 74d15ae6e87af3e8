/** What is particular to one framework in how the resource metadata (RFC 9728) is served. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { signetExpress } from '@signet/verifier/express'
import signetFastify from '@signet/verifier/fastify'
import { signetWeb } from '@signet/verifier/web'
import fastify from 'fastify'
import { test } from 'tap'
import { standIn } from '../support/resource-callers.ts'
import { api } from '../support/serve.ts'

const path = '/.well-known/oauth-protected-resource'
const verifier = standIn(async () => {
  throw new Error('No token is looked at.')
})

test('Fastify: a hook for the whole application lets the document pass, and nothing else at its place', async t => {
  const app = fastify({ exposeHeadRoutes: false })
  t.teardown(() => app.close())
  app.addHook('onRequest', (request, reply) => app.authenticate(request, reply))
  await app.register(signetFastify, { verifier, resourceMetadata: true })
  app.addHook('preHandler', app.requireRole('admin'))
  app.post(path, () => t.fail('reached'))
  app.get('/.well-known/:name', () => t.fail('reached'))
  t.match(await app.inject(path), { statusCode: 200, body: /"resource"/ })
  t.match(await app.inject({ method: 'HEAD', url: path }), { statusCode: 200, body: '' })
  t.equal((await app.inject({ method: 'POST', url: path })).statusCode, 401)
  for (const url of [`${path}%20`, '/.well-known/other', '/me']) t.equal((await app.inject(url)).statusCode, 401, url)
})

test('Fastify: under a prefix the document would lie elsewhere than challenges say: that is refused', async t => {
  const app = fastify()
  t.teardown(() => app.close())
  app.register(async child => void (await child.register(signetFastify, { verifier, resourceMetadata: true })), {
    prefix: '/api',
  })
  await t.rejects(Promise.resolve(app.ready()), { name: 'TypeError', message: /prefix/ })
})

test('what is wrong with the options is found before a verifier is made, which would poll', async t => {
  let sent = 0
  t.intercept(globalThis, 'fetch', {
    value: async () => {
      sent += 1
      throw new Error('Nothing was to be sent.')
    },
  })
  const issuer = 'https://login.example.com'
  const wrong = [
    { audience: 'urn:example:posts', resourceMetadata: true },
    { audience: [], resourceMetadata: true },
    { audience: api, resourceMetadata: { scopes: [''] } },
    { audience: api, apiKeys: { clientId: '' } },
    { audience: api, apiKeys: { clientId: 'posts-api', clientSecret: '' } },
  ]
  for (const options of wrong) {
    t.throws(() => signetWeb({ issuer, ...options }), { name: 'TypeError' })
    t.throws(() => signetExpress({ issuer, ...options }), { name: 'TypeError' })
  }
  await nextTurn()
  t.equal(sent, 0)
  signetWeb({ issuer, audience: api, resourceMetadata: true }).verifier.close()
})
