/** Token exchange (RFC 8693) of an API key: its request and its answer. */
import t from 'tap'
import { API_KEY, EXCHANGE } from '../support/asking-machines.ts'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { ACCESS_TOKEN, badKey, machines, shop } from '../support/machines.ts'
import { verifierFor } from '../support/resource-callers.ts'
import { api, byTest, claimsOf, secret } from '../support/serve.ts'
import { everythingIn, select, sessionsOf } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

t.test('the answer is that of RFC 8693, the token speaks of the owner, names the key, and of nothing else', async t => {
  const { make, exchange, service, clock, userId } = await machines(t)
  const { id: workerId } = await service.clients.find('worker')
  for (const [owner, sub, resource] of [
    ['--user alice', userId, {}],
    ['--client worker', workerId, { resource: shop }],
  ] as const) {
    const { api_key, api_key_id } = await make({ owner: owner.split(' ') })
    const client = sub === workerId ? ['broker', secret] : undefined
    if (client !== undefined) await service.clients.update('broker', { scope: ['posts:read'] }, byTest)
    const { status, headers, body } = await exchange(api_key, resource, client && { client: ['broker', secret] })
    t.equal(status, 200, owner)
    t.same([headers.get('cache-control'), headers.get('pragma')], ['no-store', 'no-cache'])
    const { access_token, ...rest } = body
    const expected = { token_type: 'Bearer', expires_in: 300, scope: 'posts:read', issued_token_type: ACCESS_TOKEN }
    t.strictSame(rest, expected)
    const claims = claimsOf(access_token)
    const nowSeconds = Math.floor(clock.now() / 1000)
    const { jti, status: state } = claims
    t.strictSame(claims, {
      ...{ iss: service.issuer, sub, aud: sub === workerId ? shop : api, scope: 'posts:read' },
      ...{ client_id: sub === workerId ? 'broker' : 'gateway', api_key_id },
      ...{ iat: nowSeconds, exp: nowSeconds + 300, jti, status: state },
    })
  }
})

t.test('clients with a secret in the header or in the body, and public ones, exchange alike', async t => {
  const { make, exchange } = await machines(t)
  const { api_key } = await make()
  const clientOf = async (...[form, more]: [object?, object?]) => {
    const { status, body } = await exchange(api_key, { ...form }, { ...more })
    return status === 200 ? claimsOf(body.access_token).client_id : body.error
  }
  t.equal(await clientOf(), 'gateway')
  t.equal(await clientOf({}, { client: ['broker', secret] }), 'broker')
  t.equal(await clientOf({ client_id: 'broker', client_secret: secret }), 'broker')
  t.equal(await clientOf({ requested_token_type: ACCESS_TOKEN }), 'gateway')
  t.equal(await clientOf({ requested_token_type: '', actor_token: '', scope: '', audience: '' }), 'gateway')
  t.equal(await clientOf({ client_id: 'broker' }), 'invalid_client')
  t.equal(await clientOf({ client_id: 'broker', client_secret: `${secret}x` }), 'invalid_client')
  t.equal(await clientOf({ client_id: 'gateway', client_secret: secret }), 'invalid_client')
  t.equal(await clientOf({ client_id: 'nobody' }), 'invalid_client')
})

t.test('a client without the grant is refused, whatever else it may do', async t => {
  const { make, exchange, service } = await machines(t)
  const { api_key } = await make()
  for (const key of [api_key, 'nonsense'])
    for (const clientId of ['web-app', 'worker', 'resource', 'account'])
      isError(t, await exchange(key, {}, { client: [clientId, secret] }), [400, 'unauthorized_client'])
  isError(t, await exchange(api_key, { client_id: 'spa' }), [400, 'unauthorized_client'])
  await service.clients.update('broker', { grants: ['client_credentials'] }, byTest)
  isError(t, await exchange(api_key, {}, { client: ['broker', secret] }), [400, 'unauthorized_client'])
})

t.test('what is no exchange of an API key is invalid_request, and nothing is written', async t => {
  const { make, exchange, service } = await machines(t)
  const { api_key } = await make()
  const written = () => [
    everythingIn(service.databaseFile),
    select(service.databaseFile, 'select id, last_used_at_ms from credentials order by id'),
  ]
  const before = written()
  const JWT = 'urn:ietf:params:oauth:token-type:jwt'
  for (const form of [
    { subject_token: '' },
    { subject_token_type: '' },
    { subject_token_type: ACCESS_TOKEN },
    { subject_token_type: JWT },
    { subject_token_type: `${API_KEY} ` },
    { subject_token_type: API_KEY.toUpperCase() },
    { requested_token_type: JWT },
    { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
    { requested_token_type: API_KEY },
    { actor_token: api_key, actor_token_type: API_KEY },
    { actor_token: 'x' },
    { actor_token_type: ACCESS_TOKEN },
  ] as const)
    isError(t, await exchange(api_key, form), [400, 'invalid_request'])

  const good = new URLSearchParams({
    ...{ grant_type: EXCHANGE, client_id: 'gateway', subject_token: api_key, subject_token_type: API_KEY },
    ...{ requested_token_type: ACCESS_TOKEN, scope: 'posts:read', audience: api },
  })
  for (const [name, value] of good)
    isError(t, await service.token(`${good}&${new URLSearchParams({ [name]: value })}`), [400, 'invalid_request'])
  t.same(written(), before)
  t.equal((await service.token(`${good}`)).status, 200)
})

t.test('in the query a key is refused, also where the rest is good, and the log does not have it', async t => {
  const { make, service, exchange } = await machines(t)
  const { api_key } = await make()
  const rest = { grant_type: EXCHANGE, subject_token_type: API_KEY, client_id: 'gateway' }
  const query = `?${new URLSearchParams({ subject_token: api_key })}`
  isError(t, await service.get(`/oauth/token${query}`, { form: rest }), [400, 'invalid_request'])
  isError(t, await service.get(`/oauth/token${query}`, { form: { ...rest, subject_token: api_key } }), [
    400,
    'invalid_request',
  ])
  isError(t, await service.get(`/oauth/token${query}`), [405, 'method_not_allowed'])
  t.notOk(service.log().includes(api_key.slice(-72, -8)))
  t.equal(sessionsOf(service.databaseFile).length, 0)
  t.equal((await exchange(api_key)).status, 200)
})

t.test('audience is treated as resource; two that differ are invalid_target', async t => {
  const { make, exchange, service } = await machines(t)
  await addClient(service, { clientId: 'of-shop', grants: [EXCHANGE], audiences: [shop, service.issuer] })
  await addClient(service, { clientId: 'of-signet', grants: [EXCHANGE], audiences: [service.issuer] })
  const anywhere = (await make()).api_key
  const forShop = (await make({ more: ['--audience', shop] })).api_key
  const forBoth = (await make({ more: ['--audience', shop, '--audience', api] })).api_key
  const elsewhere = (await make({ more: ['--audience', 'https://other.example.com'] })).api_key
  const audOf = async (key: string, form = {}, clientId = 'broker') => {
    const { status, body } = await exchange(key, form, { client: [clientId, secret] })
    return status === 200 ? claimsOf(body.access_token).aud : body.error
  }
  t.equal(await audOf(anywhere), api, "the client's first")
  t.equal(await audOf(forBoth), api, "the client's first that the key allows, in the client's order")
  t.equal(await audOf(forShop), shop, 'which need not be its first')
  t.equal(await audOf(anywhere, {}, 'of-shop'), shop)
  for (const form of [{ audience: shop }, { resource: shop }, { audience: shop, resource: shop }])
    t.equal(await audOf(anywhere, form), shop)

  const before = everythingIn(service.databaseFile)
  for (const [key, form, clientId] of [
    [anywhere, { audience: api, resource: shop }],
    [anywhere, { audience: 'https://other.example.com' }],
    [anywhere, { audience: 'broker' }],
    [anywhere, { resource: 'nonsense' }],
    [anywhere, { audience: `${api} ${shop}` }],
    [forShop, { audience: api }],
    [elsewhere, {}],
    [elsewhere, { audience: 'https://other.example.com' }],
    [anywhere, { audience: service.issuer }, 'of-shop'],
    [anywhere, { resource: service.issuer }, 'of-signet'],
    [anywhere, {}, 'of-signet'],
    [forBoth, { resource: api }, 'of-shop'],
  ] as const)
    t.equal(await audOf(key, form, clientId), 'invalid_target', JSON.stringify(form))
  t.same(everythingIn(service.databaseFile), before, 'nothing is written')
})

t.test('a token lives for at most five minutes, no longer than those of the client, and ends with the key', async t => {
  const { make, exchange, service, clock } = await machines(t)
  const { api_key } = await make({ more: ['--expires', '10m'] })
  const forever = (await make({ more: ['--expires', 'never'] })).api_key
  await addClient(service, { clientId: 'short', grants: [EXCHANGE], accessTokenTtlSeconds: 60 })
  await addClient(service, { clientId: 'long', grants: [EXCHANGE], accessTokenTtlSeconds: 3600 })
  const lifetime = async (key: string, clientId: string) => {
    const { body } = await exchange(key, {}, { client: [clientId, secret] })
    const { iat, exp } = claimsOf(body.access_token)
    t.equal(exp - iat, body.expires_in)
    return exp - iat
  }
  t.same([await lifetime(api_key, 'long'), await lifetime(forever, 'long')], [300, 300])
  t.same([await lifetime(api_key, 'broker'), await lifetime(api_key, 'short')], [300, 60])
  clock.advance(6 * 60_000 - 500)
  t.equal(await lifetime(api_key, 'long'), 240, 'whole seconds')
  clock.advance(230_000)
  t.same([await lifetime(api_key, 'long'), await lifetime(api_key, 'short')], [10, 10])
  clock.advance(9_500)
  t.equal(await lifetime(api_key, 'short'), 1)
  clock.advance(1)
  t.equal((await exchange(api_key)).text, badKey, 'of which not a second is left')
  t.equal(await lifetime(forever, 'long'), 300)
})

t.test(
  'a resource service verifies the tokens of machines offline, in which there are neither roles nor a session',
  async t => {
    const { make, given, ask, service, userId } = await machines(t)
    const { api_key, api_key_id } = await make()
    const verifier = verifierFor(t, { issuer: service.issuer })
    const { id } = await service.clients.find('worker')
    const ofKey = await verifier.verify(await given(api_key))
    t.match(ofKey, { sub: userId, aud: api, scope: 'posts:read', api_key_id })
    const own = await verifier.verify((await ask()).body.access_token)
    t.match(own, { sub: id, aud: api, scope: 'posts:read posts:write' })
    for (const claims of [ofKey, own])
      t.same(
        ['roles', 'sid', 'auth_time'].filter(name => name in claims),
        [],
      )
  },
)
