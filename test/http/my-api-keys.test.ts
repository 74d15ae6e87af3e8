/** /me/api-keys: what users make, see and revoke of their own. */
import t, { type Test } from 'tap'
import { saysOfFields } from '../support/administered.ts'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { badKey, type Form, machines, shop } from '../support/machines.ts'
import { page, type Tokens, tokensOf } from '../support/scene.ts'
import { type Answer, api, byTest, claimsOf, password, type RequestOptions, secret } from '../support/serve.ts'
import { auditedBy } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'

// Each has a service of its own.
t.jobs = 2

const path = '/me/api-keys'
const day = 86_400
const good = { name: 'my laptop', scope: 'posts:read' }

/** alice, who has just signed in, and what she does with her keys. */
async function keysOfAlice(t: Test) {
  const its = await machines(t)
  const here = await its.device()
  return {
    ...its,
    here,
    post: (form: Form = good, tokens: Tokens = here, more: RequestOptions = {}): Promise<Answer> =>
      its.as(tokens, 'POST', path, { form, ...more }),
    list: async (tokens: Tokens = here) => (await its.as(tokens, 'GET', path)).body.api_keys,
    remove: (id: string, tokens: Tokens = here) => its.as(tokens, 'DELETE', `${path}/${id}`),
  }
}

t.test('a key is shown once, with these members and no other, and works', async t => {
  const { post, list, here, as, clock, given, userId } = await keysOfAlice(t)
  const answer = await post({ name: 'my laptop', scope: 'posts:write posts:read  posts:read' })
  t.same([answer.status, answer.headers.get('cache-control')], [201, 'no-store'])
  t.match(answer.headers.get('content-type'), 'application/json')
  const { api_key, ...shown } = answer.body
  t.match(api_key, /^signet_key_[0-9a-f]{32}_[0-9a-f]{72}$/)
  const expected = {
    ...{ api_key_id: shown.api_key_id, name: 'my laptop', status: 'active', scope: 'posts:read posts:write' },
    ...{ audiences: [api], created_at: new Date(clock.now()).toISOString() },
    ...{ expires_at: new Date(clock.now() + 90 * day * 1000).toISOString() },
    ...{ revoked_at: null, last_used_at: null, last_used_address: null },
  }
  t.strictSame(shown, expected)
  const listed = await as(here, 'GET', path)
  t.same([listed.status, listed.headers.get('cache-control')], [200, 'no-store'])
  t.strictSame(listed.body, { api_keys: [expected] })
  t.match(claimsOf(await given(api_key)), { sub: userId, aud: api, scope: 'posts:read posts:write' })
  const used = { last_used_at: new Date(clock.now()).toISOString(), last_used_address: '127.0.0.1' }
  await until(async () => (await list())[0].last_used_at !== null)
  t.strictSame(await list(), [{ ...expected, ...used }])
})

t.test('the oldest comes first, those that are over too, those an operator made, and no one else’s', async t => {
  const { post, list, remove, make, clock, here, device } = await keysOfAlice(t)
  const first = (await post({ ...good, expires_in: '60' })).body.api_key_id
  clock.advance(1000)
  const second = (await make()).api_key_id
  clock.advance(1000)
  const third = (await post()).body.api_key_id
  await make({ owner: ['--user', 'bob'] })
  await make({ owner: ['--client', 'account'] })
  clock.advance(60_000)
  await remove(third)
  const seen = async (tokens?: Tokens) =>
    (await list(tokens)).map((key: Form) => [key['api_key_id'], key['status']].join(' '))
  const expected = [`${first} expired`, `${second} active`, `${third} revoked`]
  t.same(await seen(), expected)
  t.equal((await seen(await device({ username: 'bob' }))).length, 1)
  t.ok(here.sid)
})

t.test('a key is revoked with its tokens; once more is no error, and that of somebody else is not found', async t => {
  const { post, list, remove, given, exchange, works, device, make, json, here } = await keysOfAlice(t)
  const { api_key, api_key_id } = (await post()).body
  const access = await given(api_key)
  const bob = await device({ username: 'bob' })
  const ofBob = (await make({ owner: ['--user', 'bob'] })).api_key_id
  const ofClient = (await make({ owner: ['--client', 'account'] })).api_key_id
  for (const [id, tokens] of [
    [api_key_id, bob],
    [ofBob, here],
    [ofClient, here],
    ['key_0', here],
    [here.sid, here],
    ['%20', here],
    ['%00', here],
    [`${api_key_id}%00`, here],
  ] as const)
    isError(t, await remove(id, tokens), [404, 'not_found'])
  for (const id of [api_key, 'x'.repeat(3000)]) isError(t, await remove(id), [414, 'invalid_request'])
  for (const id of [api_key_id, ofBob, ofClient])
    t.equal((await json(['api-keys', 'show', id])).status, 'active', 'nothing has happened')
  t.ok(await works(access))

  const answer = await remove(api_key_id)
  t.same([answer.status, answer.text, answer.headers.get('cache-control')], [204, '', 'no-store'])
  t.notOk(await works(access))
  t.equal((await exchange(api_key)).text, badKey)
  t.match(await list(), [{ api_key_id, status: 'revoked' }])
  t.equal((await remove(api_key_id)).status, 204)
  t.equal((await remove((await make()).api_key_id)).status, 204, 'one that an operator made')
})

t.test('it has at most the scope of the token that asks', async t => {
  const { post, service, device, attempt, refresh } = await keysOfAlice(t)
  const account = { client: ['account', secret] } as const
  const signIn = { grant_type: 'password', username: 'alice', password }
  const narrow = tokensOf(await service.token({ ...signIn, scope: 'posts:read' }, account))
  const refused = (answer: Answer) => isError(t, answer, [400, 'invalid_scope'])
  refused(await post({ ...good, scope: 'posts:delete' }))
  refused(await post({ ...good, scope: 'posts:read posts:delete' }))
  refused(await post({ ...good, scope: 'posts:write' }, narrow))
  refused(await post({ ...good, scope: 'posts:read posts:write' }, narrow))
  t.equal((await post(good, narrow)).body.scope, 'posts:read')
  const bob = await device({ username: 'bob' })
  refused(await post(good, bob))
  // What is refreshed with less asks with less.
  const { body } = await attempt()
  const form = { grant_type: 'refresh_token', refresh_token: body.refresh_token, scope: 'posts:write' }
  const less = tokensOf(await service.token(form, account))
  refused(await post(good, less))
  t.equal((await post({ ...good, scope: 'posts:write' }, less)).status, 201)
  t.equal((await post(good, tokensOf(await refresh(less.refreshToken)))).status, 201)
})

t.test('it has at most the audiences of that token’s client, and never the service itself', async t => {
  const { post, service, device } = await keysOfAlice(t)
  const { issuer } = service
  await addClient(service, { clientId: 'own', audiences: [issuer] })
  await addClient(service, { clientId: 'wide', audiences: [issuer, shop, api] })
  const [own, wide] = [await device({ clientId: 'own' }), await device({ clientId: 'wide' })]
  t.same((await post(good, wide)).body.audiences, [shop, api], 'without any: all that there are')
  t.same((await post({ ...good, audience: `${api} ${shop} ${api}` }, wide)).body.audiences, [api, shop])
  t.same((await post({ ...good, audience: shop }, wide)).body.audiences, [shop])
  isError(t, await post(good, own), [400, 'invalid_target'])
  isError(t, await post({ ...good, audience: api }, own), [400, 'invalid_target'])
  isError(t, await post({ ...good, audience: shop }), [400, 'invalid_target'])
  isError(t, await post({ ...good, audience: `${api} https://other.example.com` }, wide), [400, 'invalid_target'])
  for (const audience of [issuer, `${api} ${issuer}`, 'ü', `${api}#a`])
    saysOfFields(t, await post({ ...good, audience }, wide), { audience: /./ })
  await service.clients.update('wide', { audiences: [issuer, shop, api, 'https://more.example.com'] }, byTest)
  t.equal((await post(good, wide)).body.audiences.length, 3, 'as the client is now')
})

t.test('it lives for 90 days, or as long as was asked for, at most a year', async t => {
  const { post, clock } = await keysOfAlice(t)
  for (const [expires_in, seconds] of [
    ['', 90 * day],
    ['1', 1],
    [`${365 * day}`, 365 * day],
  ] as const) {
    const { status, body } = await post({ ...good, expires_in })
    t.same([status, body.expires_at], [201, new Date(clock.now() + seconds * 1000).toISOString()], expires_in)
  }
  for (const expires_in of ['never', '0', '-1', '1.5', '1e3', '90d', '01', ' 1', `${365 * day + 1}`, '9'.repeat(400)])
    isError(t, await post({ ...good, expires_in }), [422, 'invalid_request'])
})

t.test('the audit says which user made and revoked which key, from where', async t => {
  const { post, remove, appendedLike, fresh, userId, service } = await keysOfAlice(t)
  await fresh()
  const { api_key_id: target } = (await post()).body
  await remove(target)
  const by = { outcome: 'success', actor: 'user', user_id: userId, client_id: null, target, address: '127.0.0.1' }
  await appendedLike({ ...by, type: 'api_key.create' }, { ...by, type: 'api_key.revoke' })
  t.same(
    await auditedBy(service, async () => {
      await post({ ...good, scope: 'posts:delete' })
      await remove(target)
      await remove('key_0')
    }),
    [],
  )
})

t.test('a page that its client registered may do all of it, and reads why it was refused', async t => {
  const { post, as, here, clock, refreshed } = await keysOfAlice(t)
  const headers = { origin: page }
  const made = await post(good, here, { headers })
  t.same([made.status, made.headers.get('access-control-allow-origin')], [201, page])
  t.equal((await as(here, 'GET', path, { headers })).headers.get('access-control-allow-origin'), page)
  const { api_key_id } = made.body
  t.equal((await as(here, 'DELETE', `${path}/${api_key_id}`, { headers })).status, 204)
  isError(t, await post(good, here, { headers: { origin: 'https://evil.example' } }), [403, 'origin_not_allowed'])
  clock.advance(1_801_000)
  const refused = await post(good, await refreshed(here), { headers })
  isError(t, refused, [401, 'insufficient_user_authentication'])
  t.equal(refused.headers.get('access-control-allow-origin'), page)
  t.match(refused.headers.get('access-control-expose-headers'), 'WWW-Authenticate')
})
