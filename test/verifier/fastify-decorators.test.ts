/** The names of the plugin for Fastify, where others have taken them. */
import { type SignetDecorators, type SignetHook, signetFastify } from '@signet/verifier/fastify'
import fastify, { type FastifyRequest } from 'fastify'
import { test } from 'tap'
import { startIssuer } from '../support/issuer.ts'
import { callers, standIn } from '../support/resource-callers.ts'
import { api, claimsOf } from '../support/serve.ts'

const nobody = standIn(async () => {
  throw new Error('Nobody asks.')
})

test('decorators gives other names in place of those that others have taken', async t => {
  const { verifier, tokens } = await callers(t)
  const app = fastify()
  t.teardown(() => app.close())
  app.decorate('authenticate', 'of another' as unknown as SignetHook)
  app.decorateRequest('user')
  const decorators = { authenticate: 'byAccessToken', requireRole: 'role', user: 'claims', verifier: undefined }
  // What register takes for itself is no option of the plugin.
  await app.register(signetFastify, { verifier, decorators, prefix: '', logLevel: 'silent', logSerializers: {} })
  const subject = (request: FastifyRequest) => request.getDecorator<{ sub: string }>('claims').sub
  app.get('/me', { preHandler: app.getDecorator<SignetHook>('byAccessToken') }, subject)
  app.get('/admin', { preHandler: app.getDecorator<(role: string) => SignetHook>('role')('admin') }, subject)
  app.get('/open', request => ({ claims: request.getDecorator('claims'), user: request.user ?? 'of another' }))
  const headers = { authorization: `Bearer ${tokens.good}` }
  t.equal((await app.inject({ url: '/me', headers })).body, claimsOf(tokens.good).sub)
  t.equal((await app.inject('/me')).statusCode, 401)
  t.equal((await app.inject({ url: '/admin', headers })).statusCode, 403)
  t.same((await app.inject({ url: '/open', headers })).json(), { claims: null, user: 'of another' })
  t.equal(app.authenticate, 'of another')
  t.equal(app.verifier, verifier, 'those that are not named keep their own')
})

test('a name that is taken is said with the option that gives another, and nothing is fetched', async t => {
  const issuer = await startIssuer(t)
  for (const name of ['verifier', 'authenticate', 'requireToken', 'requireRole', 'requirePermission', 'user']) {
    const app = fastify()
    t.teardown(() => app.close())
    if (name === 'user') app.decorateRequest(name)
    else app.decorate(name, 'of another')
    const message = new RegExp(`'${name}' already.*decorators: \\{ ${name}: '…' \\}`)
    await t.rejects(Promise.resolve(app.register(signetFastify, { issuer: issuer.issuer, audience: api })), {
      name: 'TypeError',
      code: 'FST_ERR_DEC_ALREADY_PRESENT',
      message,
    })
  }
  t.equal(issuer.requests.length, 0)
})

test('names that are none, that are twice there or that nobody knows are refused', async t => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [null, /decorators/],
    ['authenticate', /decorators/],
    [{ authenticate: '' }, /decorators\.authenticate/],
    [{ user: 7 }, /decorators\.user/],
    [{ authenticate: 'requireToken' }, /differ/],
    [{ requireRole: 'a', requirePermission: 'a' }, /differ/],
    [{ requiredRole: 'a' }, /"requiredRole" is no option of decorators\. Did you mean requireRole\?/],
  ]
  for (const [decorators, message] of wrong) {
    const app = fastify()
    t.teardown(() => app.close())
    const options = { verifier: nobody, decorators: decorators as SignetDecorators }
    await t.rejects(Promise.resolve(app.register(signetFastify, options)), { name: 'TypeError', message })
  }
})
