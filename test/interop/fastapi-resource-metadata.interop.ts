/** Where the package signet-verifier says who its issuer is (RFC 9728). */
import { test } from 'tap'
import { startIssuer } from '../support/issuer.ts'
import { exchange } from '../support/raw-http.ts'
import { api } from '../support/serve.ts'
import { startFastApi } from './fastapi-service.ts'

const WELL_KNOWN = '/.well-known/oauth-protected-resource'

test('FastAPI: the resource metadata says who the issuer is, open to every page', async t => {
  const { issuer } = await startIssuer(t)
  const resource = await startFastApi(t, { issuer })
  const expected = {
    resource: api,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    scopes_supported: ['posts:write'],
  }
  for (const target of [WELL_KNOWN, `${WELL_KNOWN}?a=b`]) {
    const { status, headers, text } = await resource.get(target)
    t.strictSame([status, text], [200, JSON.stringify(expected)])
    t.equal(headers.get('access-control-allow-origin'), '*')
    t.equal(headers.get('cache-control'), 'public, max-age=300')
    t.equal(headers.get('content-type'), 'application/json; charset=utf-8')
    t.equal(headers.get('www-authenticate'), null)
  }
  const head = await resource.get(WELL_KNOWN, { method: 'HEAD' })
  t.same([head.status, head.text], [200, ''])
  t.equal(head.headers.get('content-length'), String(JSON.stringify(expected).length))
  t.match(await resource.get(WELL_KNOWN, { method: 'POST' }), { status: 405 })
  for (const path of ['/', '/other']) t.match(await resource.get(WELL_KNOWN + path), { status: 404 })
})

/** By audience, the path at which its metadata lies (§3.1). */
const places: Readonly<Record<string, string>> = {
  'https://api.example.com/': WELL_KNOWN,
  'https://api.example.com/a/b-c_d.e~f/': `${WELL_KNOWN}/a/b-c_d.e~f/`,
  'http://127.0.0.1:8080/mcp': `${WELL_KNOWN}/mcp`,
}

test('FastAPI: it lies by the audience and never by the Host header, and every challenge names it', async t => {
  const { issuer, token } = await startIssuer(t)
  for (const [audience, path] of Object.entries(places)) {
    const { url, get, as } = await startFastApi(t, { issuer, environment: { AUDIENCE: audience } })
    const forged = `GET ${path} HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n`
    const { status, text } = await exchange(url, forged)
    t.match([status, JSON.parse(text)], [200, { resource: audience, authorization_servers: [issuer] }], audience)
    const named = `resource_metadata="${new URL(audience).origin}${path}"`
    t.equal((await get('/me')).headers.get('www-authenticate'), `Bearer realm="${audience}", ${named}`)
    const good = token({ aud: audience })
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"title":"x"}' }
    for (const [expected, answer] of [
      [401, await as('x', '/me')],
      [400, await get('/me?access_token=x')],
      [403, await as(good, '/admin/stats')],
      [403, await as(good, '/posts', post)],
    ] as const) {
      t.equal(answer.status, expected)
      const challenge = answer.headers.get('www-authenticate') ?? ''
      t.ok(challenge.endsWith(`, ${named}`), challenge)
    }
  }
})

test('FastAPI: an audience where nothing can lie is refused at the start', async t => {
  const { issuer } = await startIssuer(t)
  const noPlaces = [
    ...['urn:example:posts', 'http://api.example.com', 'https://api.example.com/?'],
    ...['https://API.example.com', 'https://api.example.com/a/../b', 'https://api.example.com/{id}'],
  ]
  await Promise.all(
    noPlaces.map(audience =>
      t.rejects(
        startFastApi(t, { issuer, environment: { AUDIENCE: audience } }),
        { message: /For its resource metadata the audience must be an https URL/ },
        audience,
      ),
    ),
  )
})
