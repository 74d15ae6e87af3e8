import { createServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { type AccessTokenClaims, TokenError } from '@signet/verifier'
import { type SignetRequest, signetExpress } from '@signet/verifier/express'
import express, { type NextFunction, type Request, type Response } from 'express'
import { type Test, test } from 'tap'
import { apiKeyConformance } from '../support/api-key-conformance.ts'
import { askOver } from '../support/middleware-calls.ts'
import { conformance, type Framework, routesOf } from '../support/middleware-conformance.ts'
import { callers, standIn } from '../support/resource-callers.ts'
import { resourceMetadataConformance } from '../support/resource-metadata-conformance.ts'
import { claimsOf } from '../support/serve.ts'

/** What listens, for as long as the test runs. */
async function listening(t: Test, server: Server) {
  t.teardown(() => server.close())
  if (!server.listening) await new Promise(resolve => server.once('listening', resolve))
  return askOver((server.address() as AddressInfo).port)
}

const framework: Framework = {
  name: 'Express',
  readsForms: true,
  middlewares: async (_, verifier) => signetExpress({ verifier }),
  async start(t, options) {
    let served = 0
    const app = express()
    const signet = signetExpress(options)
    app.use(signet.resourceMetadata, express.urlencoded(), express.json())
    for (const [path, middleware] of routesOf(signet))
      app.all(path, middleware, (request, response) => {
        served += 1
        response.json(request.user)
      })
    app.use((error: Error, _request: Request, response: Response, _next: NextFunction) => {
      response.status(500).send(error.message)
    })
    return { ask: await listening(t, app.listen(0, '127.0.0.1')), served: () => served }
  },
}

conformance(framework)
apiKeyConformance(framework)
resourceMetadataConformance(framework)

test('the path of a refusal is the whole one, in a router that is mounted below it, too', async t => {
  const { verifier, tokens } = await callers(t)
  const { authenticate, requireRole } = signetExpress({ verifier })
  const app = express()
  app.use('/api', express.Router().get('/me', authenticate).use('/admin', requireRole('admin')))
  const ask = await listening(t, app.listen(0, '127.0.0.1'))
  t.match(JSON.parse((await ask({ target: '/api/me?page=2' })).text), { error: 'missing_token', path: '/api/me' })
  const admin = await ask({ target: '/api/admin/stats', authorization: [`Bearer ${tokens.good}`] })
  t.match(JSON.parse(admin.text), { error: 'insufficient_scope', path: '/api/admin/stats' })
})

test('headers that others have set stay: a page of another origin can read why it was refused', async t => {
  const { verifier } = await callers(t)
  const app = express()
  app.use((_, response, next) => {
    response.set('access-control-allow-origin', 'https://blog.example.com')
    next()
  })
  app.use(signetExpress({ verifier }).authenticate)
  const ask = await listening(t, app.listen(0, '127.0.0.1'))
  const { status, headers } = await ask({ target: '/me' })
  t.match([status, headers], [401, { 'access-control-allow-origin': 'https://blog.example.com' }])
})

test('a token that another middleware has put into the header counts', async t => {
  const { verifier, tokens } = await callers(t)
  const app = express()
  app.use((request, _, next) => {
    request.headers.authorization = `Bearer ${tokens.good}`
    next()
  })
  app.get('/me', signetExpress({ verifier }).authenticate, (request, response) => {
    response.send(request.user?.sub)
  })
  const ask = await listening(t, app.listen(0, '127.0.0.1'))
  t.match(await ask({ target: '/me' }), { status: 200, text: claimsOf(tokens.good).sub })
})

test("the middlewares need nothing but Node's own requests and responses", async t => {
  const { verifier, tokens } = await callers(t)
  const { requirePermission } = signetExpress({ verifier })
  const guard = requirePermission('posts:write')
  const server = createServer((request, response) =>
    guard(request, response, error =>
      response.setHeader('content-length', 6).end(error === undefined ? 'served' : 'failed'),
    ),
  )
  const ask = await listening(t, server.listen(0, '127.0.0.1'))
  t.match(await ask({ target: '/posts', authorization: [`Bearer ${tokens.narrow}`] }), { status: 403 })
  t.match(await ask({ target: '/posts?access_token=x' }), { status: 400, text: /"path":"\/posts"/ })
  const served = await ask({ target: '/posts', authorization: [`Bearer ${tokens.good}`] })
  t.match(served, { status: 200, text: 'served' })
})

const claims = { sub: 'user_1' } as AccessTokenClaims

/** What becomes of a request that no server has read: `passes`, or the error in the body of a refusal. */
function outcomeOf(request: object): Promise<string> {
  const verifier = standIn(async token => {
    if (token !== 'good') throw new TokenError('malformed', 'It is not good.')
    return claims
  })
  const { authenticate } = signetExpress({ verifier, apiKeys: { clientId: 'api' } })
  return new Promise(resolve => {
    const response = {
      statusCode: 0,
      setHeader: () => undefined,
      end: (body: string) => resolve(JSON.parse(body).error),
    }
    authenticate(request as SignetRequest, response, error => resolve(error === undefined ? 'passes' : String(error)))
  })
}

test('a request without raw lines, as mocks and adapters make them, is read by its headers; two lines never pass for one', async t => {
  const outcomes: readonly (readonly [headers: object, outcome: string])[] = [
    [{ authorization: 'Bearer good' }, 'passes'],
    [{ Authorization: 'Bearer good' }, 'passes'],
    [{ authorization: ['Bearer good'] }, 'passes'],
    [new Headers({ Authorization: 'Bearer good' }), 'passes'],
    [{ 'X-API-Key': 'good' }, 'passes'],
    [{}, 'missing_token'],
    [new Headers(), 'missing_token'],
    [{ authorization: undefined }, 'missing_token'],
    [{ authorization: 'Bearer bad' }, 'invalid_token'],
    [{ authorization: 'Bearer good, Bearer good' }, 'invalid_token'],
    [{ authorization: 'Bearer good,Bearer good' }, 'invalid_token'],
    [{ authorization: ['Bearer good', 'Bearer good'] }, 'invalid_request'],
    [{ authorization: 'Bearer good', Authorization: 'Basic YTpi' }, 'invalid_request'],
    [new Headers([...Array(2)].map(() => ['authorization', 'Bearer good'])), 'invalid_request'],
    [{ 'x-api-key': ['good', 'good'] }, 'invalid_request'],
    [{ 'x-api-key': 'good', Authorization: 'Bearer good' }, 'invalid_request'],
  ]
  for (const [headers, outcome] of outcomes)
    for (const more of [{}, { rawHeaders: undefined }, { rawHeaders: [] }]) {
      const request = { method: 'GET', url: '/me', headers, ...more }
      t.equal(await outcomeOf(request), outcome, JSON.stringify([headers, more]))
    }
  const form = { 'Content-Type': 'application/x-www-form-urlencoded', authorization: 'Bearer good' }
  const body = { access_token: 'x' }
  t.equal(await outcomeOf({ method: 'POST', url: '/me', headers: form, body }), 'invalid_request')
  t.equal(await outcomeOf({ method: 'GET', url: '/me?access_token=x', headers: form }), 'invalid_request')
  for (const headers of [undefined, null, 'Bearer good'])
    t.equal(await outcomeOf({ method: 'GET', url: '/me', headers }), 'TypeError: The request has no headers.')
})
