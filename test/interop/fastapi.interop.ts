/** The package signet-verifier beside a real token service, through a real uvicorn. */
import { type Test, test } from 'tap'
import { addClient } from '../support/clients.ts'
import { asBytes } from '../support/middleware-calls.ts'
import { casesFor, unavailable } from '../support/middleware-cases.ts'
import { exchange } from '../support/raw-http.ts'
import { callers } from '../support/resource-callers.ts'
import { byTest, claimsOf, password, type Service, secret } from '../support/serve.ts'
import { device, restarted, revoke, withAlice } from '../support/status-list.ts'
import { type FastApiOptions, NEVER, startFastApi } from './fastapi-service.ts'

const FAST = '0.05'

/** A token of a user with one role, at a client whose tokens live for two hours. */
async function tokenOf(service: Service, username: string, permissions: readonly string[], role: string) {
  await service.roles.add({ name: role, permissions }, byTest)
  await service.users.add({ username, password, roles: [role] }, byTest)
  const form = { grant_type: 'password', username, password }
  const { body } = await service.token(form, { client: ['long', secret] })
  return String(body.access_token)
}

/** A token service with alice, an admin and a reader. */
async function withUsers(t: Test) {
  const service = await withAlice(t)
  await addClient(service, { clientId: 'long', accessTokenTtlSeconds: 7200 })
  const admin = await tokenOf(service, 'ada', ['posts:read', 'posts:write'], 'admin')
  const reader = await tokenOf(service, 'bob', ['posts:read'], 'reader')
  return { service, admin, reader }
}

async function withExample(t: Test, options: Omit<FastApiOptions, 'issuer'> = {}) {
  const users = await withUsers(t)
  return { ...users, resource: await startFastApi(t, { issuer: users.service.issuer, ...options }) }
}

test('FastAPI: every refusal has its status, headers and body, as the middlewares of @signet/verifier answer it', async t => {
  const { service, tokens } = await callers(t)
  const { url } = await startFastApi(t, { issuer: service.issuer, app: 'guarded' })
  const cases = casesFor(tokens)
    // uvicorn itself does not know targets that are whole URLs.
    .filter(({ call }) => call.target.startsWith('/'))
  t.ok(cases.length > 20)
  for (const { title, call, refusal } of cases) {
    const { status, headers, text } = await exchange(url, asBytes(call))
    const seen = Object.keys(refusal.headers).map(name => [name, headers[name] ?? null])
    t.same({ status, headers: Object.fromEntries(seen), text }, refusal, title)
  }
})

test('FastAPI: the example lets in whom it should, by role and permission, and asks the token service nothing', async t => {
  const { service, admin, reader, resource } = await withExample(t)
  const requests = () => service.log().match(/"route":/g)?.length
  const before = requests()
  t.ok(before)
  for (const token of [admin, reader]) {
    const { status, body } = await resource.as(token, '/me')
    t.same([status, body], [200, claimsOf(token)])
  }
  t.match(await resource.get('/me'), { status: 401, body: { error: 'missing_token' } })

  const post = { method: 'POST', body: '{"title":"Hello"}', headers: { 'content-type': 'application/json' } }
  t.match(await resource.as(reader, '/posts', post), { status: 403, body: { error: 'insufficient_scope' } })
  t.match(await resource.as(admin, '/posts', post), { status: 201, body: { author: claimsOf(admin).sub } })
  t.match(await resource.get('/posts'), { status: 200, body: [{ title: 'Hello' }] })
  t.match(await resource.as(reader, '/admin/stats'), { status: 403, body: { error: 'insufficient_scope' } })
  t.same((await resource.as(admin, '/admin/stats')).body, { posts: 1 })
  t.match((await resource.get('/readyz')).body, { ready: true, keys: { count: 2 }, status_lists: { count: 1 } })
  t.equal(requests(), before, 'no request has reached the token service')
})

test('FastAPI: what the framework refuses by itself has the shape of all other errors, and a bug tells nothing', async t => {
  const { service, admin, resource } = await withExample(t)
  const shape = (error: string, description: string, status: number, path: string) =>
    JSON.stringify({ error, error_description: description, status, path })
  const json = { method: 'POST', headers: { 'content-type': 'application/json' } }

  const unknown = await resource.get('/nothing%20here?a=b')
  t.equal(unknown.text, shape('not_found', 'There is nothing here.', 404, '/nothing%20here'))
  const deletion = await resource.get('/me', { method: 'DELETE' })
  t.equal(deletion.text, shape('method_not_allowed', 'This path does not take this method.', 405, '/me'))
  t.equal(deletion.headers.get('allow'), 'GET')
  const noTitle = await resource.as(admin, '/posts', { ...json, body: '{"tilte":"secret"}' })
  t.equal(noTitle.text, shape('invalid_request', 'body.title: Field required', 422, '/posts'))
  const broken = await resource.as(admin, '/posts', { ...json, body: '{' })
  t.match(broken, { status: 422, body: { error: 'invalid_request', status: 422, path: '/posts' } })

  const guarded = await startFastApi(t, { issuer: service.issuer, app: 'guarded' })
  const bug = await guarded.get('/bug')
  t.equal(bug.text, shape('server_error', 'Something went wrong here.', 500, '/bug'))
  for (const answer of [unknown, deletion, noTitle, broken, bug]) {
    t.equal(answer.headers.get('cache-control'), 'no-store')
    t.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8')
  }
})

test('FastAPI: a session that ends is refused after the next poll, and others go on', async t => {
  const { service, resource } = await withExample(t, { environment: { POLL_INTERVAL: FAST } })
  const [revoked, other] = [await device(service), await device(service)]
  t.equal((await resource.as(revoked.access, '/me')).status, 200)
  const news = resource.hears(/status-lists\/\S+ has news/)
  await revoke(service, revoked.refreshToken)
  await news
  t.match(await resource.as(revoked.access, '/me'), {
    status: 401,
    body: { error: 'invalid_token', error_description: 'The access token was revoked.' },
  })
  t.equal((await resource.as(other.access, '/me')).status, 200)
})

test('FastAPI: with the token service down for an hour valid tokens pass, and strict routes answer 503', async t => {
  const { service, admin, resource } = await withExample(t, { environment: { POLL_INTERVAL: FAST } })
  const revoked = await device(service)
  const news = resource.hears(/status-lists\/\S+ has news/)
  await revoke(service, revoked.access)
  await news
  const outage = resource.hears(/status-lists\/\S+ can't be had, the copy held stays in use/)
  await service.stop()
  await outage
  for (const path of ['/me', '/admin/stats']) t.equal((await resource.as(admin, path)).status, 200, path)
  resource.advance(3600)
  t.equal((await resource.as(admin, '/me')).status, 200)
  const { status, headers, text } = await resource.as(admin, '/admin/stats')
  const description = 'It cannot be known at the moment whether the access token was revoked.'
  const expected = unavailable(description, '/admin/stats', '1')
  t.same([status, headers.get('retry-after'), text], [expected.status, '1', expected.text])
  t.equal(headers.get('www-authenticate'), null)
  t.match((await resource.get('/readyz')).body, { ready: true, keys: { age: Number } })
  t.equal((await resource.as(revoked.access, '/me')).status, 401, 'what was known is not forgotten')
  resource.advance(3630)
  t.match(await resource.as(admin, '/me'), {
    status: 401,
    body: { error_description: 'The access token has expired.' },
  })
})

test('FastAPI: without any key it answers 503, and it serves as soon as the token service is there', async t => {
  const { service, admin } = await withUsers(t)
  await service.stop()
  const resource = await startFastApi(t, { issuer: service.issuer })
  for (const path of ['/me', '/admin/stats']) {
    const answer = await resource.as(admin, path)
    t.equal(answer.text, unavailable('The keys of the issuer are unavailable.', path).text)
    t.equal(answer.headers.get('retry-after'), NEVER)
  }
  t.match(await resource.get('/readyz'), { status: 503, body: { error: 'temporarily_unavailable', path: '/readyz' } })
  t.equal((await resource.get('/me')).status, 401, 'a token is missing all the same')
  const serves = resource.hears(/jwks\.json has news/)
  await restarted(t, service, {})
  await serves
  t.equal((await resource.as(admin, '/me')).status, 200)
})
