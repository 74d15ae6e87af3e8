/** Introspection (RFC 7662) of API keys, and of machines' tokens. */
import t from 'tap'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { machines, shop } from '../support/machines.ts'
import { inactive } from '../support/scene.ts'
import { api, byTest, claimsOf, secret } from '../support/serve.ts'
import { change, everythingIn, select } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

t.test('a key is known by its form, whatever the hint, and described with these members and no other', async t => {
  const { make, service, introspect, clock, userId } = await machines(t)
  const nowSeconds = Math.floor(clock.now() / 1000)
  const key = await make({ scope: ['posts:read', 'posts:write'], more: ['--audience', api, '--audience', shop] })
  const expected = {
    ...{ active: true, iss: service.issuer, sub: userId, username: 'alice', aud: [api] },
    ...{ scope: 'posts:read posts:write', iat: nowSeconds, exp: nowSeconds + 90 * 86_400, api_key_id: key.api_key_id },
  }
  const answer = await introspect(key.api_key)
  t.strictSame(answer.body, expected)
  t.equal(answer.headers.get('cache-control'), 'no-store')
  for (const token_type_hint of ['access_token', 'refresh_token', 'api_key', 'nonsense']) {
    const form = { token: key.api_key, token_type_hint }
    t.strictSame((await service.get('/oauth/introspect', { form, client: ['resource', secret] })).body, expected)
  }
})

t.test('of a client it has no username, and without an end no exp', async t => {
  const { make, introspect, service } = await machines(t)
  const key = await make({ owner: ['--client', 'worker'], more: ['--expires', 'never'] })
  const { body } = await introspect(key.api_key)
  const { id } = await service.clients.find('worker')
  t.match(body, { active: true, sub: id, scope: 'posts:read', aud: [api] })
  t.same(['username' in body, 'exp' in body, 'client_id' in body], [false, false, false])
})

t.test('it is answered only for audiences that both have, and never for the service itself', async t => {
  const { make, service, introspect } = await machines(t)
  const audiencesOf = async (key: string, clientId: string) => {
    const { status, text, body } = await introspect(key, [clientId, secret])
    t.equal(status, 200)
    if (!body.active) t.equal(text, inactive)
    return body.aud
  }
  for (const [clientId, introspectable] of [
    ['both', [shop, api]],
    ['of-shop', [shop]],
    ['of-signet', [service.issuer]],
    ['of-nothing', []],
  ] as const)
    await addClient(service, { clientId, grants: [], scope: [], audiences: [api], introspect: introspectable })
  const any = (await make()).api_key
  const ofApi = (await make({ more: ['--audience', api] })).api_key
  const elsewhere = (await make({ more: ['--audience', 'https://other.example.com'] })).api_key
  for (const [key, clientId, audiences] of [
    [any, 'both', [shop, api]],
    [any, 'of-shop', [shop]],
    [any, 'resource', [api]],
    [any, 'of-signet', undefined],
    [any, 'of-nothing', undefined],
    [ofApi, 'both', [api]],
    [ofApi, 'of-shop', undefined],
    [elsewhere, 'both', undefined],
    // Which exchanges keys, and may not introspect.
    [any, 'broker', undefined],
  ] as const)
    t.strictSame(await audiencesOf(key, clientId), audiences, clientId)
  isError(t, await service.get('/oauth/introspect', { form: { token: any, client_id: 'gateway' } }), [
    401,
    'invalid_client',
  ])
  isError(t, await introspect(any, ['resource', `${secret}x`]), [401, 'invalid_client'])
})

t.test('the scope is what the owner has now, and without any it is left out', async t => {
  const { make, introspect, service } = await machines(t)
  const ofAlice = (await make({ scope: ['posts:read', 'posts:write', 'posts:delete'] })).api_key
  const ofBob = (await make({ owner: ['--user', 'bob'] })).api_key
  t.equal((await introspect(ofAlice)).body.scope, 'posts:read posts:write')
  const { body } = await introspect(ofBob)
  t.same([body.active, 'scope' in body], [true, false])
  await service.roles.add({ name: 'reader', permissions: ['posts:read'] }, byTest)
  await service.roles.grant('reader', 'bob', byTest)
  await service.roles.revoke('editor', 'alice', byTest)
  t.equal((await introspect(ofBob)).body.scope, 'posts:read')
  t.notOk('scope' in (await introspect(ofAlice)).body)
})

t.test("none of Signet's own permissions is in the answer, whatever owner and key have", async t => {
  const { make, introspect, service } = await machines(t)
  const own = 'signet:users:read'
  await service.roles.add({ name: 'operator', permissions: [own] }, byTest)
  await service.roles.grant('operator', 'alice', byTest)
  const { api_key, api_key_id } = await make()
  // As nobody can make it.
  const data = JSON.stringify({ scope: [own, 'posts:read'], audiences: [] })
  change(service.databaseFile, 'update credentials set data = ? where id = ?', data, api_key_id)
  t.equal((await introspect(api_key)).body.scope, 'posts:read')
})

t.test('to ask writes nothing: no use, and for a wrong one no row', async t => {
  const { make, introspect, service } = await machines(t)
  const { api_key } = await make()
  await introspect('x')
  const before = everythingIn(service.databaseFile)
  for (const token of [api_key, `${api_key}0`, 'signet_key_', 'x'])
    t.equal((await introspect(token)).body.active, token === api_key)
  t.same(everythingIn(service.databaseFile), before)
  t.same(select(service.databaseFile, 'select last_used_at_ms from credentials where kind = ?', 'api_key'), [
    { last_used_at_ms: null },
  ])
})

t.test(
  'a token of a key is described by its claims and the name of its user, one of a client without a name',
  async t => {
    const { make, given, ask, introspect } = await machines(t)
    const { api_key } = await make()
    for (const [access, name] of [
      [await given(api_key), { username: 'alice' }],
      [await given((await make({ owner: ['--client', 'worker'] })).api_key), {}],
      [(await ask()).body.access_token, {}],
    ] as const) {
      const { status: _, ...claims } = claimsOf(access)
      t.strictSame((await introspect(access)).body, { active: true, token_type: 'Bearer', ...claims, ...name })
      t.equal((await introspect(access, ['broker', secret])).text, inactive)
    }
  },
)

t.test('a permission that its owner lost since is missing from the answer about a token', async t => {
  const { make, given, ask, introspect, service } = await machines(t)
  const access = await given((await make({ scope: ['posts:read', 'posts:write'] })).api_key)
  const own = (await ask()).body.access_token
  // As long as what a command has begun is not finished.
  change(service.databaseFile, `update roles set permissions = '["posts:read"]' where name = 'editor'`)
  change(
    service.databaseFile,
    `update clients set scope = '["posts:write"]', revision = revision + 1 where client_id = 'worker'`,
  )
  t.match((await introspect(access)).body, { active: true, scope: 'posts:read' })
  t.match((await introspect(own)).body, { active: true, scope: 'posts:write' })
})
