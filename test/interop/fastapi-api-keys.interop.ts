/** API keys at the package signet-verifier, beside a real token service and its command line. */
import { type Test, test } from 'tap'
import { EXCHANGE } from '../support/asking-machines.ts'
import { commandLine } from '../support/command-line.ts'
import { apiKey } from '../support/exchanging-issuer.ts'
import { exchangeAt } from '../support/machines.ts'
import { api, type Service } from '../support/serve.ts'
import { restarted, withAlice } from '../support/status-list.ts'
import { takesKeys } from './fastapi-api-keys.ts'
import { startFastApi } from './fastapi-service.ts'

const FAST = '0.05'
const notValid = { status: 401, body: { error: 'invalid_token', error_description: 'The API key is not valid.' } }

/** What the token service was asked so far, by the route. */
const askedFor = (service: Service, route: string): number => service.log().split(`"route":"${route}"`).length - 1

/** A token service with alice, an editor, a client that may exchange keys, and the example, which does so. */
async function withKeys(t: Test, environment: Readonly<Record<string, string>> = {}) {
  const service = await withAlice(t)
  const { json } = await commandLine(t, service.environment)
  const grant = ['--grant', EXCHANGE, '--scope', '*', '--audience', api]
  await json(['clients', 'add', 'gateway', '--public', ...grant])
  const create = async (...scopes: readonly string[]): Promise<{ id: string; key: string }> => {
    const words = ['api-keys', 'create', '--user', 'alice', '--name', 'x', ...scopes.flatMap(each => ['--scope', each])]
    const { api_key_id, api_key } = await json(words)
    return { id: api_key_id, key: api_key }
  }
  const resource = await startFastApi(t, { issuer: service.issuer, environment: { ...takesKeys, ...environment } })
  return { service, json, grant, create, resource }
}

test('FastAPI: a handler sees the same user with a key as with the token that the key is exchanged for', async t => {
  const { service, create, resource } = await withKeys(t)
  const { id, key } = await create('posts:read')
  const { body } = await exchangeAt(service, key, { resource: api })
  const own = ({ exp, iat, jti, ...claims }: Record<string, unknown>) => claims
  const byToken = await resource.as(body.access_token, '/me')
  const byKey = await resource.withKey(key)
  t.same([byToken.status, byKey.status], [200, 200])
  t.strictSame(own(byKey.body), own(byToken.body))
  t.match(byKey.body, { api_key_id: id, client_id: 'gateway', scope: 'posts:read', aud: api })
  const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"title":"Hello"}' }
  t.match(await resource.withKey(key, '/posts', json), {
    status: 403,
    body: { error_description: 'The permission posts:write is missing.' },
  })
  const writer = await create('posts:write')
  t.match(await resource.withKey(writer.key, '/posts', json), { status: 201, body: { author: byKey.body.sub } })
})

test('FastAPI: in the steady state a key costs the token service no call, and a wrong one none or one', async t => {
  const { service, create, resource } = await withKeys(t)
  const { key } = await create('posts:read')
  t.equal((await resource.withKey(key)).status, 200)
  t.equal(askedFor(service, '/oauth/token'), 1)
  const requests = () => service.log().match(/"route":/g)?.length
  const before = requests()
  for (let request = 0; request < 50; request += 1) t.equal((await resource.withKey(key)).status, 200)
  t.match((await resource.withKey(key.slice(0, -1))).body, { error_description: 'The API key is malformed.' })
  t.equal(requests(), before, 'nothing at all was asked')
  for (let request = 0; request < 20; request += 1) t.match(await resource.withKey(apiKey()), notValid)
  t.equal(askedFor(service, '/oauth/token'), 2)
})

test('FastAPI: a revoked key is refused after the next poll, and others go on', async t => {
  const { service, json, create, resource } = await withKeys(t, { POLL_INTERVAL: FAST })
  const [revoked, other] = [await create('posts:read'), await create('posts:read')]
  for (const { key } of [revoked, other]) t.equal((await resource.withKey(key)).status, 200)
  const news = resource.hears(/status-lists\/\S+ has news/)
  await json(['api-keys', 'revoke', revoked.id])
  await news
  for (let request = 0; request < 5; request += 1) t.match(await resource.withKey(revoked.key), notValid)
  t.equal((await resource.withKey(other.key)).status, 200)
  t.equal(askedFor(service, '/oauth/token'), 3, 'it was tried once more')
})

test('FastAPI: a token that was revoked while its key is good leads to one new exchange, with what the owner has now', async t => {
  const { service, json, create, resource } = await withKeys(t, { POLL_INTERVAL: FAST })
  const { key } = await create('posts:read', 'posts:write')
  t.match(await resource.withKey(key), { status: 200, body: { scope: 'posts:read posts:write' } })
  const news = resource.hears(/status-lists\/\S+ has news/)
  await json(['roles', 'update', 'editor', '--permission', 'posts:read'])
  await news
  const answers = await Promise.all(Array.from({ length: 20 }, () => resource.withKey(key)))
  t.strictSame(new Set(answers.map(({ status, body }) => `${status} ${body.scope}`)), new Set(['200 posts:read']))
  t.equal(askedFor(service, '/oauth/token'), 2)
})

test('FastAPI: a confidential client exchanges keys by its secret', async t => {
  const { service, json, grant, create } = await withKeys(t)
  const { client_secret } = await json(['clients', 'add', 'vault', ...grant])
  const environment = { API_KEY_CLIENT_ID: 'vault', API_KEY_CLIENT_SECRET: client_secret }
  const resource = await startFastApi(t, { issuer: service.issuer, environment })
  const { key } = await create('posts:read')
  t.match(await resource.withKey(key), { status: 200, body: { client_id: 'vault' } })

  const wrong = { ...environment, API_KEY_CLIENT_SECRET: `${client_secret}x` }
  const stranger = await startFastApi(t, { issuer: service.issuer, environment: wrong })
  const said = stranger.hears(/API keys can't be exchanged: It answers 401 invalid_client\./)
  const { status, headers } = await stranger.withKey(key)
  t.same([status, headers.get('retry-after'), headers.get('www-authenticate')], [503, '10', null])
  await said
  t.notOk(stranger.log().includes(key) || stranger.log().includes(client_secret))
})

test('FastAPI: a key for another service is 401 here', async t => {
  const { json, resource } = await withKeys(t)
  const { api_key } = await json([
    ...['api-keys', 'create', '--user', 'alice', '--name', 'x', '--scope', 'posts:read'],
    ...['--audience', 'https://other.example.com'],
  ])
  t.match(await resource.withKey(api_key), notValid)
})

test('FastAPI: a service whose audience is a name takes keys, too', async t => {
  const { service, json, create } = await withKeys(t)
  await json(['clients', 'add', 'broker', '--public', '--grant', EXCHANGE, '--scope', '*', '--audience', 'rabbitmq'])
  const environment = { API_KEY_CLIENT_ID: 'broker', AUDIENCE: 'rabbitmq' }
  const resource = await startFastApi(t, { issuer: service.issuer, app: 'guarded', environment })
  const { key } = await create('posts:read')
  t.match(await resource.withKey(key), { status: 200, body: { aud: 'rabbitmq', scope: 'posts:read' } })
})

test('FastAPI: while the token service is down new keys are 503 and known ones go on, until it is there again', async t => {
  const { service, create, resource } = await withKeys(t, { POLL_INTERVAL: FAST })
  const [known, unknown] = [await create('posts:read'), await create('posts:read')]
  t.equal((await resource.withKey(known.key)).status, 200)
  const outage = resource.hears(/status-lists\/\S+ can't be had/)
  await service.stop()
  await outage
  const { status, headers, body } = await resource.withKey(unknown.key)
  t.same([status, headers.get('retry-after'), headers.get('www-authenticate')], [503, '1', null])
  t.equal(body.error_description, 'The API key cannot be verified at the moment.')
  t.equal((await resource.withKey(known.key)).status, 200)
  resource.setWallClock(331)
  t.match(await resource.withKey(known.key), { status: 503 }, 'its token has expired')
  resource.setWallClock(-331)
  const back = resource.hears(/jwks\.json can be had again/)
  await restarted(t, service)
  await back
  resource.advance(2)
  for (const { key } of [known, unknown]) t.equal((await resource.withKey(key)).status, 200)
})
