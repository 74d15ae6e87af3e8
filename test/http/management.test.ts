import { mock } from 'node:test'
import { test } from 'tap'
import { isError } from '../support/error-shape.ts'
import { createHold, during } from '../support/hold.ts'
import { open } from '../support/raw-http.ts'
import { addAlice, freePort, request, serve, signIn } from '../support/serve.ts'
import { notOnPostgres } from '../support/sqlite.ts'

const unavailable = [503, 'temporarily_unavailable'] as const
const forOperators = ['/livez', '/readyz', '/docs', '/docs/json', '/metrics']
const forTheWorld = [
  '/oauth/token',
  '/oauth/revoke',
  '/oauth/introspect',
  '/oauth/status-lists',
  '/me',
  '/me/sessions',
  '/healthz',
  '/.well-known/jwks.json',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
]

test('a service that serves is alive and ready, and nobody caches that', async t => {
  const service = await serve(t)
  for (const path of ['/livez', '/readyz']) {
    const answer = await request(service.management + path)
    t.equal(answer.status, 200)
    t.same(answer.body, { status: 'ok' })
    t.equal(answer.headers.get('cache-control'), 'no-store')
  }
})

test('each port has its own paths alone', async t => {
  const service = await serve(t)
  for (const path of forOperators) isError(t, await service.get(path), [404, 'not_found'])
  for (const path of forTheWorld) isError(t, await request(service.management + path), [404, 'not_found'])
})

// On PostgreSQL, where it can really go, that is in test/storage/postgres-outages.test.ts.
const skip = notOnPostgres('a server that hangs is a case of its own')
test('a service whose database is gone is alive and not ready', { skip }, async t => {
  const service = await serve(t)
  await service.container.close()
  const answer = await request(`${service.management}/readyz`)
  isError(t, answer, unavailable)
  t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/)
  t.equal((await request(`${service.management}/livez`)).status, 200)
})

test('a service whose key signs no more, or signs wrongly, is not ready until it does again', async t => {
  let sign: ((input: Buffer) => Promise<Buffer>) | undefined
  const service = await serve(t, {
    faults: { signer: real => ({ kid: real.kid, sign: input => (sign ?? real.sign)(input) }) },
  })
  sign = async () => {
    throw new Error('no answer from the key store')
  }
  const answer = await request(`${service.management}/readyz`)
  isError(t, answer, unavailable)
  t.notMatch(answer.text, 'key store')
  sign = async () => Buffer.alloc(256)
  isError(t, await request(`${service.management}/readyz`), unavailable)
  sign = undefined
  t.equal((await request(`${service.management}/readyz`)).status, 200)
})

test('a shutdown is told by /readyz first, while what was asked before is still answered', async t => {
  const hold = createHold()
  const service = await serve(t, {
    faults: { hasher: real => ({ ...real, verify: (hash, entered) => hold.pass(() => real.verify(hash, entered)) }) },
  })
  await addAlice(service)
  let stopped: Promise<void> | undefined
  const answer = await during(
    hold,
    () => signIn(service),
    async () => {
      stopped = service.stop()
      isError(t, await request(`${service.management}/readyz`), unavailable)
      t.equal((await request(`${service.management}/livez`)).status, 200)
    },
  )
  t.equal(answer.status, 200)
  t.equal(answer.headers.get('connection'), 'close', 'or the service would wait for what comes next on it')
  await stopped
})

test('a request that never ends does not keep the service from stopping', async t => {
  const service = await serve(t)
  const connection = await open(service.issuer)
  t.teardown(connection.drop)
  connection.send('POST /oauth/token HTTP/1.1\r\nHost: signet.test\r\nExpect: 100-continue\r\n')
  connection.send('Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n')
  await connection.more()
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  let stopped = false
  const stopping = service.stop().then(() => {
    stopped = true
  })
  while (!stopped) {
    mock.timers.tick(1000)
    await new Promise(resolve => setImmediate(resolve))
  }
  await stopping
})

test('the API reference needs nothing from anywhere else', async t => {
  const { management, issuer } = await serve(t)
  const seen = new Set<string>()

  /** Fetches a page or an asset, and what it refers to. */
  async function follow(url: string): Promise<void> {
    if (seen.has(url)) return
    seen.add(url)
    t.equal(new URL(url).origin, management, `${url} is here`)
    const { status, text, headers } = await request(url)
    t.equal(status, 200, url)
    t.ok(text.length > 0, `${url} has content`)
    const type = headers.get('content-type') ?? ''
    const references = type.includes('html')
      ? text.matchAll(/<(?:script|link|img|iframe)[^>]*\s(?:src|href)="([^"]+)"/g)
      : type.includes('css')
        ? text.matchAll(/(?:url\(|@import\s+)["']?(?!data:)([^"')\s]+)/g)
        : []
    for (const [, reference = ''] of references) await follow(new URL(reference, url).href)
  }

  await follow(`${management}/docs`)
  t.ok([...seen].some(url => url.endsWith('.js')) && [...seen].some(url => url.endsWith('.css')))
  const policy = (await request(`${management}/docs`)).headers.get('content-security-policy') ?? ''
  t.match(policy, "default-src 'self'")
  const asks = `connect-src 'self' ${issuer};`
  t.match(policy, asks, 'it may ask the service that it describes')
  const others = policy.replace(asks, '')
  t.notMatch(others, /https?:|\*|upgrade-insecure-requests/, 'the browser would refuse what came from elsewhere')
  const { body } = await request(`${management}/docs/json`)
  t.match(body, { openapi: /^3\.1/, paths: { '/oauth/token': Object } })
})

test('the API reference says where the running service is, which may be under a path', async t => {
  const port = await freePort()
  const here = `http://127.0.0.1:${port}`
  for (const [path, metadata] of [
    ['', '/.well-known/oauth-authorization-server'],
    ['/auth/eu', '/.well-known/oauth-authorization-server/auth/eu'],
  ] as const) {
    const issuer = here + path
    const service = await serve(t, { environment: { SIGNET_PORT: String(port), SIGNET_ISSUER: issuer } })
    const { body } = await request(`${service.management}/docs/json`)
    t.same(body.servers, [{ url: issuer }])
    const { flows } = body.components.securitySchemes.oauth2
    const tokenUrl = `${issuer}/oauth/token`
    t.same(flows, { password: { tokenUrl, scopes: {} }, clientCredentials: { tokenUrl, scopes: {} } })
    t.same(body.paths[metadata].get.servers, [{ url: here }])
    t.equal((await request(here + metadata)).body.issuer, issuer)
    for (const own of ['/livez', '/readyz', '/metrics']) t.same(body.paths[own].get.servers, [{ url: '/' }])
    t.match((await request(`${service.management}/docs`)).headers.get('content-security-policy'), `'self' ${here};`)
    await service.stop()
  }
})

test('browsers take no IPv6 address in a policy, so that of the API reference names the port', async t => {
  const port = await freePort()
  const issuer = `http://[::1]:${port}`
  const service = await serve(t, { environment: { SIGNET_PORT: String(port), SIGNET_ISSUER: issuer } })
  const policy = (await request(`${service.management}/docs`)).headers.get('content-security-policy')
  t.match(policy, `connect-src 'self' http://*:${port};`)
})
