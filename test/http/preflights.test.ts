/** The headers that a page asks for before it sends them (Fetch Standard, CORS-preflight request). */
import { type Test, test } from 'tap'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { type Answer, serve } from '../support/serve.ts'

const page = 'https://login.example.com'

/** Asks for a page, at a service where one is registered. */
async function preflights(t: Test) {
  const service = await serve(t)
  await addClient(service, { clientId: 'login', isPublic: true, secret: undefined, origins: [page] })
  return (origin: string, path: string, method: string, asked: string) =>
    service.get(path, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        ...(asked !== '' && { 'access-control-request-headers': asked }),
      },
    })
}

/** No cache gives it to another page, or to one that asks for something else. */
function isFor(t: Test, { headers }: Answer, origin: string): void {
  t.equal(headers.get('access-control-allow-origin'), origin)
  t.equal(headers.get('vary'), `${origin === '*' ? '' : 'Origin, '}Access-Control-Request-Headers`)
  t.notOk(headers.get('access-control-allow-credentials'))
}

const listsOfHeaders = [
  'x-requested-with',
  'baggage,content-type,sentry-trace,traceparent,tracestate',
  'dpop',
  'X-Whatever-Comes-Next, Authorization ,\tX_2',
  "!#$%&'*+.^_`|~-09azAZ",
  'x-datadog-origin,x-datadog-parent-id,x-datadog-sampling-priority,x-datadog-trace-id'.repeat(20),
]

test('a registered page sends the headers it asks for, whatever they are, and every page those at public documents', async t => {
  const preflight = await preflights(t)
  for (const asked of listsOfHeaders)
    for (const [origin, path, method, readableBy] of [
      [page, '/oauth/token', 'POST', page],
      [page, '/me', 'GET', page],
      ['https://anybody.example', '/.well-known/jwks.json', 'GET', '*'],
      ['https://anybody.example', '/oauth/status-lists/1', 'GET', '*'],
    ] as const) {
      const answer = await preflight(origin, path, method, asked)
      t.same([answer.status, answer.headers.get('access-control-allow-headers')], [204, asked.trim()], path)
      isFor(t, answer, readableBy)
    }
})

test('a page that names no header, or in no form that a browser sends, is given the usual ones', async t => {
  const preflight = await preflights(t)
  for (const asked of ['', ',', 'a,,b', 'a b', 'x:1', 'x"y', '<b>', 'é', `x-${'a'.repeat(2048)}`]) {
    const answer = await preflight(page, '/oauth/token', 'POST', asked)
    t.equal(answer.status, 204, asked)
    t.equal(
      answer.headers.get('access-control-allow-headers'),
      'Authorization, Content-Type, If-Match, If-None-Match, Cache-Control',
    )
    isFor(t, answer, page)
  }
})

test("a stranger's page is refused whatever header it asks for", async t => {
  const preflight = await preflights(t)
  for (const asked of listsOfHeaders) {
    const answer = await preflight('https://evil.example', '/oauth/token', 'POST', asked)
    isError(t, answer, [403, 'origin_not_allowed'])
    t.notOk(answer.headers.get('access-control-allow-headers'))
  }
})
