/** GET /: whoever comes by learns what this is and where to look. */
import { test } from 'tap'
import packageJson from '../../package.json' with { type: 'json' }
import { isError } from '../support/error-shape.ts'
import { request, serve } from '../support/serve.ts'

const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

/** The addresses that the page links to. */
const linksIn = (html: string): string[] => [...html.matchAll(/href="([^"]*)"/g)].map(([, url = '']) => url)

test('the public port says where its documents are, and each of them is there', async t => {
  const service = await serve(t)
  const answer = await service.get('/')
  const { status, body, text, headers } = answer
  t.equal(status, 200)
  t.equal(headers.get('content-type'), 'application/json; charset=utf-8')
  t.equal(headers.get('vary'), 'Accept')
  t.equal(headers.get('x-content-type-options'), 'nosniff')
  t.ok(headers.get('x-request-id'))
  const { service: what, documentation, ...links } = body
  t.match(what, /OAuth 2 token service/)
  t.match(documentation, /docs\//)
  t.equal(links.issuer, service.issuer)
  for (const member of ['metadata', 'openid_configuration', 'jwks_uri']) {
    t.equal((await request(links[member])).status, 200, member)
    t.ok(links[member].startsWith(service.issuer), member)
  }
  t.notOk(text.includes(packageJson.version), 'no version')
})

test('a browser gets a page with the same links, which runs and loads nothing', async t => {
  const service = await serve(t)
  const { issuer, metadata, openid_configuration, jwks_uri } = (await service.get('/')).body
  const page = await service.get('/', { headers: browser })
  t.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
  t.match(page.headers.get('content-security-policy'), /default-src 'none'.*frame-ancestors 'none'/)
  t.strictSame(linksIn(page.text), [issuer, metadata, openid_configuration, jwks_uri])
  t.notMatch(page.text, /<script|<style|src=/)
  t.notOk(page.text.includes(packageJson.version), 'no version')
  for (const accept of ['*/*', 'application/json', 'text/html;q=0', 'text/plain'])
    t.ok((await service.get('/', { headers: { accept } })).body.issuer, accept)
})

test('nothing of the request is in the answer, and other methods are refused like elsewhere', async t => {
  const service = await serve(t)
  const own = (await service.get('/')).text
  t.equal(
    (await service.get('/?next=https://evil.example', { headers: { 'x-forwarded-host': 'evil.example' } })).text,
    own,
  )
  const head = await service.get('/', { method: 'HEAD' })
  t.strictSame([head.status, head.text], [200, ''])
  const refused = await service.get('/', { method: 'POST' })
  isError(t, refused, [405, 'method_not_allowed'])
  t.equal(refused.headers.get('allow'), 'GET, HEAD')
})

test('with a path in the issuer it lies there, with and without a slash', async t => {
  const service = await serve(t, { environment: { SIGNET_ISSUER: 'https://example.com/login' } })
  const port = `http://127.0.0.1:${service.config.port}`
  for (const path of ['/login', '/login/']) {
    const { body } = await request(port + path)
    t.match(body, {
      issuer: 'https://example.com/login',
      metadata: 'https://example.com/.well-known/oauth-authorization-server/login',
      openid_configuration: 'https://example.com/login/.well-known/openid-configuration',
      jwks_uri: 'https://example.com/login/.well-known/jwks.json',
    })
    for (const url of [body.metadata, body.openid_configuration, body.jwks_uri])
      t.equal((await request(port + new URL(url).pathname)).status, 200, url)
    isError(t, await request(port + path, { method: 'DELETE' }), [405, 'method_not_allowed'])
  }
  isError(t, await request(`${port}/`), [404, 'not_found'])
})

test('an issuer whose path is that of a route has that route there', async t => {
  const { config } = await serve(t, { environment: { SIGNET_ISSUER: 'https://example.com/healthz' } })
  const { status, body } = await request(`http://127.0.0.1:${config.port}/healthz`)
  t.equal(status, 200)
  t.equal(body?.issuer, undefined, 'it is the health check')
})

test('the management port lists its own paths, and each of them is there', async t => {
  const service = await serve(t)
  const { status, body } = await request(`${service.management}/`)
  t.equal(status, 200)
  t.equal(body.issuer, service.issuer)
  const paths = [body.livez, body.readyz, body.metrics, body.docs]
  t.strictSame(paths, ['/livez', '/readyz', '/metrics', '/docs'])
  for (const path of paths) t.equal((await request(service.management + path)).status, 200, path)
  const page = await request(`${service.management}/`, { headers: browser })
  t.strictSame(linksIn(page.text), [service.issuer, ...paths])
  isError(t, await request(`${service.management}/`, { method: 'POST' }), [405, 'method_not_allowed'])
})
