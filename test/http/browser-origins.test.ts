import { type Test, test } from 'tap'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { type Answer, addAlice, api, byTest, password, type RequestOptions, secret, serve } from '../support/serve.ts'
import { everythingIn } from '../support/sqlite.ts'

const page = 'https://login.example.com'
const otherPage = 'https://shop.example.com'
const good = { grant_type: 'password', username: 'alice', password }
const refused = [403, 'origin_not_allowed'] as const
const documents = [
  '/.well-known/jwks.json',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
]

/** alice, a client with a page, one with another page, and a count of the passwords that were compared. */
async function scene(t: Test) {
  const compared = { count: 0 }
  const service = await serve(t, {
    faults: {
      hasher: real => ({
        hash: real.hash,
        verify: (hash, entered) => {
          compared.count += 1
          return real.verify(hash, entered)
        },
      }),
    },
  })
  await addAlice(service)
  await addClient(service, { clientId: 'login', isPublic: true, secret: undefined, origins: [page] })
  await addClient(service, { clientId: 'shop', origins: [otherPage] })
  const from = (origin: string, form: RequestOptions['form'], more: RequestOptions = {}) =>
    service.token(form, { ...more, headers: { ...more.headers, origin } })
  const preflight = (origin: string, path = '/oauth/token', method = 'POST') =>
    service.get(path, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'authorization,content-type',
      },
    })
  return { service, compared, from, preflight }
}

const isClosed = (t: Test, { headers }: { readonly headers: Headers }) => {
  t.notOk(headers.get('access-control-allow-origin'))
  t.equal(headers.get('vary'), 'Origin')
}

/** What lets the page read the answer, and nothing beyond. */
function isReadableBy(t: Test, { headers, status }: Pick<Answer, 'headers' | 'status'>, origin: string): void {
  t.equal(headers.get('access-control-allow-origin'), origin)
  t.equal(headers.get('access-control-expose-headers'), 'Retry-After, WWW-Authenticate, ETag')
  t.notOk(headers.get('access-control-allow-credentials'), 'cookies are nothing that this service knows')
  const [ofPage, ofPreflight] = [origin !== '*' && 'Origin', status === 204 && 'Access-Control-Request-Headers']
  const vary = [ofPage, ofPreflight].filter(name => name !== false).join(', ')
  if (vary !== '') t.equal(headers.get('vary'), vary, 'no cache gives it to another page')
}

test('a registered page signs in by fetch, after the preflight that fetch may send', async t => {
  const { from, preflight } = await scene(t)
  const asked = await preflight(page)
  t.equal(asked.status, 204)
  t.equal(asked.text, '')
  isReadableBy(t, asked, page)
  t.equal(asked.headers.get('access-control-allow-methods'), 'POST')
  t.equal(asked.headers.get('access-control-allow-headers'), 'authorization,content-type')
  t.match(asked.headers.get('access-control-max-age'), /^\d+$/)
  const answer = await from(page, { ...good, client_id: 'login' })
  t.equal(answer.status, 200)
  isReadableBy(t, answer, page)
})

test('an application and an extension that are registered use a client as a page does, by exactly their origin', async t => {
  const { service, from, preflight } = await scene(t)
  const origins = [
    ...['capacitor://localhost', 'tauri://localhost', 'http://tauri.localhost', 'app://obsidian.md'],
    ...['chrome-extension://abcdefghijklmnopabcdefghijklmnop', 'moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc'],
    'safari-web-extension://0504F00C-80EF-4657-A397-2B65004AD0D7',
  ]
  await service.clients.update('login', { origins }, byTest)
  for (const origin of origins) {
    const asked = await preflight(origin)
    const answer = await from(origin, { ...good, client_id: 'login' })
    t.same([asked.status, answer.status], [204, 200], origin)
    for (const each of [asked, answer]) isReadableBy(t, each, origin)
    isError(t, await from(origin, good, { client: ['shop', secret] }), refused)
    const others = [`${origin}/`, `${origin}:1234`, origin.replace('://', '://x.'), origin.slice(0, -1), `x${origin}`]
    for (const near of [...others, origin.toUpperCase(), 'null', 'file://'])
      isError(t, await from(near, { ...good, client_id: 'login' }), refused)
  }
})

test('errors to a registered page can be read by it', async t => {
  const { from, service } = await scene(t)
  const form = { ...good, client_id: 'login' }
  const json = { headers: { 'content-type': 'application/json' } }
  const errors = [
    [await from(page, { ...form, password: 'wrong' }), [400, 'invalid_grant']],
    [await from(page, { ...form, client_secret: 'wrong' }), [400, 'invalid_client']],
    [await from(page, good), [400, 'invalid_client']],
    [await from(page, 'a=%zz'), [400, 'invalid_request']],
    [await from(page, 'a'.repeat(16385)), [413, 'invalid_request']],
    [await from(page, '{}', json), [415, 'invalid_request']],
    [await service.get('/oauth/token', { headers: { origin: page } }), [405, 'method_not_allowed']],
    [await service.get('/nothing', { headers: { origin: page } }), [404, 'not_found']],
  ] as const
  for (const [answer, expected] of errors) {
    isError(t, answer, expected)
    isReadableBy(t, answer, page)
  }
})

test("strangers' pages are refused before any credential is looked at", async t => {
  const { service, compared, from, preflight } = await scene(t)
  const before = everythingIn(service.databaseFile)
  const strangers = [
    'https://evil.example',
    'null',
    '',
    'http://login.example.com',
    'https://login.example.com:8443',
    'https://login.example.com.evil.example',
    'https://evil.login.example.com',
    'https://login.example.com/',
    'https://LOGIN.example.com',
    '*',
  ]
  for (const origin of strangers) {
    t.test(`Origin: ${origin}`, async t => {
      const answers = [
        await preflight(origin),
        await from(origin, { ...good, client_id: 'login' }),
        await from(origin, { ...good, password: 'wrong' }, { client: ['shop', secret] }),
        await from(origin, good, { client: ['shop', `not-${secret}`] }),
        await from(origin, { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'login' }),
        await service.get('/nothing', { headers: { origin } }),
      ]
      for (const answer of answers) {
        isError(t, answer, refused)
        isClosed(t, answer)
      }
    })
  }
  t.test('nothing was compared and nothing written', async t => {
    t.equal(compared.count, 0)
    t.same(everythingIn(service.databaseFile), before)
  })
})

test("the page of one client may not use another's, nor one that does not exist", async t => {
  const { service, compared, from, preflight } = await scene(t)
  const before = everythingIn(service.databaseFile)
  t.equal((await preflight(otherPage)).status, 204, 'a preflight does not say for which client it asks')
  for (const answer of [
    await from(otherPage, { ...good, client_id: 'login' }),
    await from(page, good, { client: ['shop', secret] }),
    await from(page, good, { client: ['shop', `not-${secret}`] }),
    await from(page, good, { client: ['web-app', secret] }),
    await from(page, { ...good, client_id: 'nobody' }),
  ]) {
    isError(t, answer, refused)
    isReadableBy(t, answer, answer.headers.get('access-control-allow-origin') === page ? page : otherPage)
  }
  t.equal(compared.count, 0)
  t.same(everythingIn(service.databaseFile), before)
})

test("the service's own pages and the management port's may use every client", async t => {
  const { service, from, preflight } = await scene(t)
  for (const own of [service.issuer, service.management]) {
    t.equal((await preflight(own)).status, 204)
    const answer = await from(own, good, { client: ['web-app', secret] })
    t.equal(answer.status, 200)
    isReadableBy(t, answer, own)
  }
})

test('the own origin of an issuer with a path is that of its host', async t => {
  const environment = { SIGNET_ISSUER: 'https://login.example.com/tenant' }
  const service = await serve(t, { environment })
  const url = `http://127.0.0.1:${service.config.port}/tenant/oauth/token`
  const headers = { origin: page, 'access-control-request-method': 'POST' }
  t.equal((await fetch(url, { method: 'OPTIONS', headers })).status, 204)
})

test('who sends no Origin is no page, and is served', async t => {
  const { service } = await scene(t)
  const answer = await service.token(good, { client: ['shop', secret] })
  t.equal(answer.status, 200)
  isClosed(t, answer)
})

test('the page of a client that is disabled, deleted or moved is a stranger', async t => {
  const { service, from, preflight } = await scene(t)
  const shop = ['shop', secret] as const
  const isRefused = async (what: string) => {
    t.equal((await preflight(otherPage)).status, 403, what)
    t.equal((await from(otherPage, good, { client: shop })).status, 403, what)
  }
  await service.clients.setStatus('shop', 'disabled', byTest)
  await isRefused('disabled')
  await service.clients.setStatus('shop', 'active', byTest)
  t.equal((await from(otherPage, good, { client: shop })).status, 200, 'enabled again')
  await service.clients.update('shop', { origins: ['https://new.example.com'] }, byTest)
  await isRefused('moved')
  await service.clients.update('shop', { origins: [otherPage] }, byTest)
  await service.clients.setStatus('shop', 'deleted', byTest)
  await isRefused('deleted')
})

test('an origin that two clients share stays open while one of them is active', async t => {
  const { service, from, preflight } = await scene(t)
  await addClient(service, { clientId: 'shop-2', origins: [otherPage], audiences: [api] })
  await service.clients.setStatus('shop', 'disabled', byTest)
  t.equal((await preflight(otherPage)).status, 204)
  t.equal((await from(otherPage, good, { client: ['shop-2', secret] })).status, 200)
  isError(t, await from(otherPage, good, { client: ['shop', secret] }), [401, 'invalid_client'])
})

test('public documents are open to every origin', async t => {
  const { service, preflight } = await scene(t)
  for (const path of documents) {
    t.test(path, async t => {
      for (const origin of ['https://anybody.example', 'null', page]) {
        const asked = await preflight(origin, path, 'GET')
        t.equal(asked.status, 204)
        t.equal(asked.headers.get('access-control-allow-methods'), 'GET, HEAD')
        t.equal(asked.headers.get('access-control-allow-headers'), 'authorization,content-type')
        const first = await service.get(path, { headers: { origin } })
        const again = await service.get(path, { headers: { origin, 'if-none-match': first.headers.get('etag') ?? '' } })
        const wrong = await service.get(path, { method: 'DELETE', headers: { origin } })
        t.same([first.status, again.status, wrong.status], [200, 304, 405])
        for (const answer of [asked, first, again, wrong]) isReadableBy(t, answer, '*')
      }
    })
  }
})
