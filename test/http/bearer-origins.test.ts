import { test } from 'tap'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { page, scene, type Tokens } from '../support/scene.ts'
import { sessionsOf } from '../support/sqlite.ts'

test("a page may use the tokens of the client that registered it, and no other client's", async t => {
  const account = await scene(t)
  const other = 'https://shop.example.com'
  const { service } = account
  await addClient(service, { clientId: 'shop', audiences: [service.issuer], origins: [other] })
  const [mine, shops] = [await account.device(), await account.device({ clientId: 'shop' })]
  const from = (origin: string, tokens: Tokens, method = 'GET', path = '/me') =>
    account.as(tokens, method, path, { headers: { origin } })

  for (const [origin, tokens] of [
    [page, mine],
    [other, shops],
    [service.issuer, mine],
    [service.management, shops],
  ] as const) {
    const { status, headers } = await from(origin, tokens)
    t.same([status, headers.get('access-control-allow-origin'), headers.get('vary')], [200, origin, 'Origin'])
    t.equal(headers.get('access-control-allow-credentials'), null)
  }

  for (const [origin, tokens] of [
    [page, shops],
    [other, mine],
    ['https://evil.example', mine],
    ['null', mine],
  ] as const) {
    for (const answer of [
      await from(origin, tokens),
      await from(origin, tokens, 'DELETE', '/me/sessions?all=true'),
      await from(origin, tokens, 'POST', '/me/password'),
      await from(origin, tokens, 'GET', '/me/api-keys'),
      await from(origin, tokens, 'POST', '/me/api-keys'),
      await from(origin, tokens, 'DELETE', '/me/api-keys/key_0'),
    ])
      isError(t, answer, [403, 'origin_not_allowed'])
  }
  t.match(sessionsOf(service.databaseFile), [{ ended_at_ms: null }, { ended_at_ms: null }], 'nothing has happened')
})

test('a registered page can read why it was refused', async t => {
  const { service, as } = await scene(t)
  for (const answer of [
    await service.get('/me', { headers: { origin: page } }),
    await as({ access: 'garbage' }, 'GET', '/me', { headers: { origin: page } }),
  ]) {
    t.equal(answer.status, 401)
    t.equal(answer.headers.get('access-control-allow-origin'), page)
    t.match(answer.headers.get('access-control-expose-headers'), 'WWW-Authenticate')
  }
})

test('a page that is registered gets leave to send Authorization with each method there is; a stranger none', async t => {
  const { service } = await scene(t)
  const preflight = (origin: string, path: string, method: string) =>
    service.get(path, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'authorization',
      },
    })
  for (const [path, method, methods] of [
    ['/me', 'GET', 'GET, HEAD'],
    ['/me/sessions', 'DELETE', 'GET, HEAD, DELETE'],
    ['/me/sessions/session_0', 'DELETE', 'DELETE'],
    ['/me/password', 'POST', 'POST'],
    ['/me/api-keys', 'POST', 'GET, HEAD, POST'],
    ['/me/api-keys/key_0', 'DELETE', 'DELETE'],
  ] as const) {
    const { status, headers } = await preflight(page, path, method)
    t.same([status, headers.get('access-control-allow-origin')], [204, page], path)
    t.same(headers.get('access-control-allow-methods')?.split(', ').sort(), methods.split(', ').sort(), path)
    t.match(headers.get('access-control-allow-headers'), /authorization/i)
    isError(t, await preflight('https://evil.example', path, method), [403, 'origin_not_allowed'])
  }
})
