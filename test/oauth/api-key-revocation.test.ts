/** Revocation (RFC 7009) of API keys, and of machines' tokens. */
import t from 'tap'
import { checksum, withChecksum } from '../support/checksum.ts'
import { isError } from '../support/error-shape.ts'
import { badKey, forge, machines } from '../support/machines.ts'
import { secret } from '../support/serve.ts'
import { everythingIn } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

const unknown = withChecksum(`signet_key_${'0'.repeat(32)}_${'1'.repeat(64)}`)

t.test('a whole key is revoked, whichever client presents it', async t => {
  const { make, exchange, given, works, service, json, fresh, appendedLike, userId, introspect } = await machines(t)
  for (const [clientId, more] of [
    ['broker', { client: ['broker', secret] }],
    ['resource', { client: ['resource', secret] }],
    ['spa', { form: { client_id: 'spa' } }],
    ['gateway', { form: { client_id: 'gateway', token_type_hint: 'refresh_token' } }],
    ['web-app', { form: { client_id: 'web-app', client_secret: secret, token_type_hint: 'access_token' } }],
  ] as const) {
    const { id } = await service.clients.find(clientId)
    const { api_key, api_key_id } = await make()
    const access = await given(api_key)
    await fresh()
    const answer = await service.get('/oauth/revoke', {
      ...more,
      form: { token: api_key, ...('form' in more && more.form) },
    })
    t.same([answer.status, answer.text], [200, '{}'])
    await appendedLike(
      { type: 'session.end', reason: 'api_key_revoked' },
      {
        ...{ type: 'api_key.revoke', reason: 'token_revoked', target: api_key_id, user_id: userId },
        ...{ actor: 'client', client_id: id, address: '127.0.0.1' },
      },
    )
    t.equal((await exchange(api_key)).text, badKey)
    t.equal((await introspect(api_key)).body.active, false)
    t.notOk(await works(access))
    t.equal((await json(['api-keys', 'show', api_key_id])).status, 'revoked')
    await fresh()
    const again = await service.get('/oauth/revoke', { form: { token: api_key, client_id: 'spa' } })
    t.equal(again.status, 200, 'again is no error')
    await appendedLike()
  }
})

t.test('with a wrong secret, or another checksum, nothing happens, and the answer is 200', async t => {
  const { make, revoke, exchange, given, works, service, introspect } = await machines(t)
  const { api_key, api_key_id } = await make()
  const access = await given(api_key)
  const before = everythingIn(service.databaseFile)
  for (const token of [
    forge(api_key, checksum),
    forge(api_key, () => '00000000'),
    unknown,
    api_key.slice(0, -72),
    api_key_id,
    `signet_${api_key_id}`,
    api_key.toUpperCase(),
    ` ${api_key}`,
    'x'.repeat(10_000),
  ]) {
    const { status, text } = await revoke(token)
    t.same([status, text], [200, '{}'], token.slice(0, 90))
  }
  t.same(everythingIn(service.databaseFile), before)
  t.equal((await exchange(api_key)).status, 200)
  t.same([await works(access), (await introspect(api_key)).body.active], [true, true])
})

t.test('a client that does not prove who it is revokes nothing', async t => {
  const { make, revoke, exchange, service } = await machines(t)
  const { api_key } = await make()
  isError(t, await revoke(api_key, { client: null }), [401, 'invalid_client'])
  isError(t, await revoke(api_key, { client: ['broker', `${secret}x`] }), [401, 'invalid_client'])
  isError(t, await revoke(api_key, { client: null, form: { client_id: 'broker' } }), [401, 'invalid_client'])
  isError(t, await service.get(`/oauth/revoke?token=${api_key}`, { form: { client_id: 'spa' } }), [
    400,
    'invalid_request',
  ])
  t.equal((await exchange(api_key)).status, 200)
})

t.test("a machine's access token is revoked with its siblings; the next grant has a fresh index", async t => {
  const { make, given, ask, works, revoke, clock, appendedLike, fresh, userId } = await machines(t)
  const { api_key, api_key_id } = await make()
  for (const [next, clientId, user_id] of [
    [() => given(api_key, {}, { client: ['broker', secret] }), 'broker', userId],
    [async () => (await ask()).body.access_token as string, 'worker', null],
  ] as const) {
    const [first, sibling] = [await next(), await next()]
    isError(t, await revoke(first, { client: ['web-app', secret] }), [400, 'invalid_grant'])
    t.ok(await works(first), "another client's: nothing happens")
    await fresh()
    t.equal((await revoke(first, { client: [clientId, secret] })).status, 200)
    await appendedLike({ type: 'access_token.revoke', actor: 'client', user_id })
    t.same([await works(first), await works(sibling)], [false, false])
    const after = await next()
    t.ok(await works(after))
    const soon = await revoke(after, { client: [clientId, secret] })
    isError(t, soon, [503, 'temporarily_unavailable'])
    t.equal(soon.headers.get('retry-after'), '60')
    t.ok(await works(after))
    clock.advance(60_000)
    t.equal((await revoke(after, { client: [clientId, secret] })).status, 200)
    t.notOk(await works(after))
  }
  t.ok(await works(await given(api_key)), `${api_key_id} goes on`)
})
