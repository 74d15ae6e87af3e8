/** API keys are exchanged for access tokens (RFC 8693), once, and then cost no call. */
import { test } from 'tap'
import { exchanging } from '../support/api-keys.ts'
import { apiKey, ENDPOINT } from '../support/exchanging-issuer.ts'
import { api } from '../support/serve.ts'

test('a key is exchanged by RFC 8693 for the first audience, and its claims are those of the access token', async t => {
  const { keys, calls, reply, grant } = await exchanging(t, { audience: [api, 'https://other.example.com'] })
  reply(apiKey(), () => grant({ sub: 'user_7', scope: 'posts:write' }))
  const claims = await keys.verify(apiKey())
  t.match(claims, { sub: 'user_7', scope: 'posts:write', api_key_id: 'key_1', aud: api })
  t.ok(Object.isFrozen(claims))
  t.equal(calls.length, 1)
  t.strictSame(Object.fromEntries(calls[0]?.form ?? []), {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    client_id: 'posts-api',
    subject_token: apiKey(),
    subject_token_type: 'urn:signet:params:oauth:token-type:api-key',
    resource: api,
  })
  t.match(calls[0]?.headers, { 'content-type': /^application\/x-www-form-urlencoded\b/, accept: 'application/json' })
  t.equal(calls[0]?.headers.authorization, undefined, 'a public client has nothing else to say')
})

test('an audience that is a name is asked for as one (§2.1)', async t => {
  const { keys, calls, reply, grant } = await exchanging(t, { audience: 'rabbitmq' })
  reply(apiKey(), () => grant({ aud: 'rabbitmq' }))
  t.match(await keys.verify(apiKey()), { aud: 'rabbitmq' })
  t.match(Object.fromEntries(calls[0]?.form ?? []), { audience: 'rabbitmq', resource: undefined })
})

test('a confidential client authenticates by HTTP Basic, both halves form-urlencoded', async t => {
  const client = { clientId: 'posts api', clientSecret: 's:e%c+r&e=t/"~*' }
  const { keys, calls, reply, grant } = await exchanging(t, { client })
  reply(apiKey(), () => grant())
  await keys.verify(apiKey())
  const [scheme, encoded = ''] = calls[0]?.headers.authorization?.split(' ') ?? []
  t.equal(scheme, 'Basic')
  t.equal(Buffer.from(encoded, 'base64').toString(), 'posts+api:s%3Ae%25c%2Br%26e%3Dt%2F%22%7E*')
  t.equal(calls[0]?.form.get('client_id'), 'posts api')
  t.notOk(calls[0]?.form.has('client_secret'), 'the secret is sent once')
})

test('in the steady state a key costs no call, and a hundred requests at once cost one', async t => {
  const { keys, calls, issuer, reply, grant, tokenIdOf } = await exchanging(t)
  const hold = issuer.holdAt(ENDPOINT)
  hold.close()
  reply(apiKey(), () => grant())
  const first = Array.from({ length: 100 }, () => tokenIdOf(apiKey()))
  await hold.waiting(1)
  hold.open()
  t.strictSame(new Set(await Promise.all(first)), new Set(['token-1']))
  const sent = issuer.requests.length
  for (let request = 0; request < 100; request += 1) await keys.verify(apiKey())
  t.equal(calls.length, 1)
  t.equal(issuer.requests.length, sent, 'no call of any kind')
})

test('each key has a token of its own', async t => {
  const { keys, calls, reply, grant } = await exchanging(t)
  for (const number of [1, 2, 3]) reply(apiKey(number), () => grant({ sub: `user_${number}` }))
  for (const number of [1, 2, 3, 3, 2, 1]) t.equal((await keys.verify(apiKey(number))).sub, `user_${number}`)
  t.equal(calls.length, 3)
})

test('two that take keys by one verifier have each their own client and their own tokens', async t => {
  const { verifier, keys, calls, reply, grant } = await exchanging(t)
  reply(apiKey(), () => grant())
  const others = verifier.apiKeys({ clientId: 'other' })
  await keys.verify(apiKey())
  await others.verify(apiKey())
  await others.verify(apiKey())
  t.strictSame(
    calls.map(({ form }) => form.get('client_id')),
    ['posts-api', 'other'],
  )
})

test('the mode of a call is that of the token: strict refuses while it is unknown whether it was revoked', async t => {
  const { environment, outcomeOf, calls, reply, grant } = await exchanging(t)
  reply(apiKey(), () => grant())
  t.match(await outcomeOf(apiKey()), { code: 'accepted' })
  environment.cut()
  await environment.advance(61_000)
  t.match(await outcomeOf(apiKey(), { mode: 'strict' }), { code: 'unavailable', message: /revoked/ })
  t.match(await outcomeOf(apiKey()), { code: 'accepted' })
  t.equal(calls.length, 1)
})

test('a closed verifier asks nobody: keys that are known go on, and others are unavailable', async t => {
  const { verifier, environment, events, outcomeOf, reply, grant } = await exchanging(t)
  for (const number of [1, 2]) reply(apiKey(number), () => grant())
  t.match(await outcomeOf(apiKey(1)), { code: 'accepted' })
  verifier.close()
  const sent = environment.sent()
  t.match(await outcomeOf(apiKey(1)), { code: 'accepted' })
  t.match(await outcomeOf(apiKey(2)), { code: 'unavailable' })
  t.equal(environment.sent(), sent)
  t.strictSame(events, [])
})

test('a client that is none is a TypeError at once', async t => {
  const { verifier, calls } = await exchanging(t)
  const good = { clientId: 'posts-api' }
  for (const client of [undefined, null, 'posts-api', {}, { clientId: '' }, { clientId: 7 }, { clientId: 'é' }])
    t.throws(() => verifier.apiKeys(client as typeof good), { name: 'TypeError', message: /apiKeys/ })
  for (const clientSecret of ['', null, 7, 'a\n'])
    t.throws(() => verifier.apiKeys({ ...good, clientSecret: clientSecret as string }), {
      name: 'TypeError',
      message: /apiKeys\.clientSecret/,
    })
  t.ok(verifier.apiKeys({ ...good, clientSecret: undefined }))
  t.strictSame(calls, [])
})
