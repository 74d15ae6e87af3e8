/** Client credentials (RFC 6749 §4.4): what a client gets that asks for itself. */
import t from 'tap'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { machines, shop } from '../support/machines.ts'
import { api, byTest, claimsOf, secret } from '../support/serve.ts'
import { auditedBy, change, everythingIn, sessionsOf } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

const everyGrant = ['password', 'refresh_token', 'client_credentials']

t.test('the token speaks of the client: no roles, no session, no sign-in, and no refresh token', async t => {
  const { ask, clock, service } = await machines(t)
  await service.clients.update('worker', { grants: everyGrant }, byTest)
  const { status, headers, body } = await ask()
  t.equal(status, 200)
  t.equal(headers.get('cache-control'), 'no-store')
  const { access_token, ...rest } = body
  t.strictSame(rest, { token_type: 'Bearer', expires_in: 600, scope: 'posts:read posts:write' })
  const claims = claimsOf(access_token)
  const nowSeconds = Math.floor(clock.now() / 1000)
  const { id } = await service.clients.find('worker')
  t.match(id, /^client_[0-9a-f]{32}$/)
  t.match(claims.jti, /^token_[0-9a-f]{32}$/)
  const { jti, status: state } = claims
  t.strictSame(claims, {
    ...{ iss: service.issuer, sub: id, aud: api, client_id: 'worker', scope: 'posts:read posts:write' },
    ...{ iat: nowSeconds, exp: nowSeconds + 600, jti, status: state },
  })
})

t.test('the scope is what was asked for, within what the client may have by name', async t => {
  const { ask, service, databaseFile } = await machines(t).then(its => ({ ...its, ...its.service }))
  await addClient(service, { clientId: 'star', grants: ['client_credentials'], scope: ['*', 'posts:read'] })
  await addClient(service, { clientId: 'stars', grants: ['client_credentials'], scope: ['*'] })
  await addClient(service, { clientId: 'nothing', grants: ['client_credentials'], scope: [] })
  const all = 'posts:read posts:write'
  for (const [clientId, scope, given] of [
    ['worker', undefined, all],
    ['worker', 'posts:write', 'posts:write'],
    ['worker', 'posts:write posts:delete *', 'posts:write'],
    ['worker', ' posts:write  posts:write ', 'posts:write'],
    ['worker', 'openid profile email offline_access', all],
    ['worker', 'openid posts:read', 'posts:read'],
    ['star', undefined, 'posts:read'],
    ['stars', undefined, undefined],
    ['stars', 'openid', undefined],
    ['nothing', undefined, undefined],
  ] as const) {
    const { status, body } = await ask({ ...(scope && { scope }) }, clientId)
    const title = `${clientId}: ${scope}`
    t.same([status, body.scope, claimsOf(body.access_token).scope], [200, given, given], title)
    t.equal('scope' in body, given !== undefined, title)
  }
  const before = everythingIn(databaseFile)
  for (const [clientId, scope] of [
    ['worker', 'posts:delete'],
    ['worker', '*'],
    ['worker', 'POSTS:READ'],
    ['worker', 'openid posts:delete'],
    ['worker', 'posts:"read'],
    ['worker', ' '],
    ['stars', 'posts:read'],
    ['stars', '*'],
    ['nothing', 'posts:read'],
    ['worker', 'x'.repeat(9000)],
  ] as const)
    isError(t, await ask({ scope }, clientId), [400, 'invalid_scope'])
  t.same(everythingIn(databaseFile), before, 'nothing is written for a refusal')
})

t.test("Signet's own permissions are in a machine's token only when its audience is the issuer", async t => {
  const { ask, service } = await machines(t)
  const scope = ['posts:read', 'signet:users:read']
  const audiences = [api, service.issuer]
  await addClient(service, { clientId: 'robot', grants: ['client_credentials'], scope, audiences })
  t.equal((await ask({}, 'robot')).body.scope, 'posts:read')
  isError(t, await ask({ scope: 'signet:users:read' }, 'robot'), [400, 'invalid_scope'])
  const { body } = await ask({ resource: service.issuer }, 'robot')
  t.match(claimsOf(body.access_token), { aud: service.issuer, scope: 'posts:read signet:users:read' })
})

t.test('resource selects the audience, the first one without it', async t => {
  const { ask, service } = await machines(t)
  const audOf = async (form = {}) => claimsOf((await ask(form)).body.access_token).aud
  t.same([await audOf(), await audOf({ resource: shop }), await audOf({ resource: api })], [api, shop, api])
  for (const resource of [service.issuer, `${api}/v1`, 'https://other.example.com', 'nonsense', `${api}#a`])
    isError(t, await ask({ resource }), [400, 'invalid_target'])
  const twice = `grant_type=client_credentials&resource=${api}&resource=${shop}`
  isError(t, await service.token(twice, { client: ['worker', secret] }), [400, 'invalid_target'])
})

t.test('who may not have the grant is refused by its code', async t => {
  const { ask, service, databaseFile } = await machines(t).then(its => ({ ...its, ...its.service }))
  isError(t, await ask({}, 'web-app'), [400, 'unauthorized_client'])
  isError(t, await service.token({ grant_type: 'client_credentials' }), [401, 'invalid_client'])
  const wrong = { client: ['worker', `${secret}x`] } as const
  isError(t, await service.token({ grant_type: 'client_credentials' }, wrong), [401, 'invalid_client'])
  const spa = { grant_type: 'client_credentials', client_id: 'spa' }
  isError(t, await service.token(spa), [400, 'unauthorized_client'])
  // As it was once allowed.
  const grants = `grants = '["client_credentials"]', revision = revision + 1`
  change(databaseFile, `update clients set ${grants} where client_id = 'spa'`)
  isError(t, await service.token(spa), [400, 'unauthorized_client'])
  t.same(sessionsOf(databaseFile), [])
})

t.test('the lifetime is the one of the client, or the one that is configured', async t => {
  const { ask, service } = await machines(t, { environment: { SIGNET_ACCESS_TOKEN_TTL: '2m' } })
  await addClient(service, { clientId: 'short', grants: ['client_credentials'], accessTokenTtlSeconds: 60 })
  for (const [clientId, lifetime] of [
    ['worker', 120],
    ['short', 60],
  ] as const) {
    const { body } = await ask({}, clientId)
    const { iat, exp } = claimsOf(body.access_token)
    t.same([body.expires_in, exp - iat], [lifetime, lifetime], clientId)
  }
})

t.test('of tokens that live long, the row is written for one hour more, and not for a second lifetime', async t => {
  const { service, clock, ask } = await machines(t)
  const hours = 3_600_000
  await addClient(service, {
    ...{ clientId: 'long', grants: ['client_credentials'], audiences: [api], accessTokenTtlSeconds: 12 * 3600 },
  })
  const begunAtMs = clock.now()
  await ask({}, 'long')
  const lastExpiryMs = () => sessionsOf(service.databaseFile)[0]?.['status_last_expiry_ms']
  t.equal(lastExpiryMs(), begunAtMs + 13 * hours)
  clock.advance(1 * hours + 1)
  await ask({}, 'long')
  t.equal(lastExpiryMs(), begunAtMs + 14 * hours + 1)
})

t.test('a secret that has expired gives no token, the other one still does', async t => {
  const { json, clock, service, ask } = await machines(t)
  const { client_secret } = await json(['clients', 'add-secret', 'worker', '--expires', '1h'])
  const byOther = () => service.token({ grant_type: 'client_credentials' }, { client: ['worker', client_secret] })
  clock.advance(3_600_000 - 1)
  t.equal((await byOther()).status, 200)
  clock.advance(1)
  isError(t, await byOther(), [401, 'invalid_client'])
  t.equal((await ask()).status, 200)
})

t.test('all tokens of one secret hang on one row, those of another secret on another', async t => {
  const { ask, json, service, databaseFile, clock, works } = await machines(t).then(its => ({ ...its, ...its.service }))
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask()))
  t.same(new Set(answers.map(({ status }) => status)), new Set([200]))
  t.equal(sessionsOf(databaseFile).length, 1, 'also when they ask at once')
  const references = answers.map(({ body }) => JSON.stringify(claimsOf(body.access_token).status))
  t.equal(new Set(references).size, 1)

  const before = everythingIn(databaseFile)
  clock.advance(60_000)
  t.equal((await ask()).status, 200)
  t.same(everythingIn(databaseFile), before, 'a grant within a second lifetime writes nothing')

  const { client_secret, secret_id } = await json(['clients', 'add-secret', 'worker'])
  const second = await service.token({ grant_type: 'client_credentials' }, { client: ['worker', client_secret] })
  t.equal(sessionsOf(databaseFile).length, 2)
  const [ofFirst, ofSecond] = [answers[0]?.body.access_token, second.body.access_token]
  await json(['clients', 'remove-secret', 'worker', secret_id])
  t.same([await works(ofFirst), await works(ofSecond)], [true, false], 'a secret that is removed ends its own alone')
})

t.test('the audit has the grant for which a row was written, and each of them where all are asked for', async t => {
  const { ask, service } = await machines(t)
  t.same(await auditedBy(service, () => ask()), ['client.grant success'])
  t.same(await auditedBy(service, () => ask()), [])
  const its = await machines(t, { environment: { SIGNET_AUDIT_GRANTS: 'all' } })
  for (const _ of [1, 2]) t.same(await auditedBy(its.service, () => its.ask()), ['client.grant success'])
  await its.fresh()
  await its.ask()
  const { id } = await its.service.clients.find('worker')
  await its.appendedLike({ type: 'client.grant', actor: 'client', client_id: id, user_id: null, address: '127.0.0.1' })
})

t.test('what is taken from the client ends its tokens at once, also where * is left', async t => {
  const { ask, service, works } = await machines(t)
  const token = async () => (await ask()).body.access_token
  const first = await token()
  await service.clients.update('worker', { scope: ['posts:read', 'posts:write', '*'] }, byTest)
  t.ok(await works(first), 'nothing was taken')
  await service.clients.update('worker', { scope: ['posts:read', '*'] }, byTest)
  t.notOk(await works(first))
  const second = await token()
  t.match(claimsOf(second), { scope: 'posts:read' })
  await service.clients.update('worker', { audiences: [shop] }, byTest)
  t.notOk(await works(second))
})

t.test(
  'a client that is disabled has no tokens; enabled again it asks for others, and what has ended stays so',
  async t => {
    const { ask, works, json } = await machines(t)
    const { access_token } = (await ask()).body
    await json(['clients', 'disable', 'worker'])
    t.notOk(await works(access_token))
    isError(t, await ask(), [401, 'invalid_client'])
    await json(['clients', 'enable', 'worker'])
    const again = (await ask()).body.access_token
    t.same([await works(again), await works(access_token)], [true, false])
    await json(['clients', 'delete', 'worker'])
    t.notOk(await works(again))
    isError(t, await ask(), [401, 'invalid_client'])
  },
)
