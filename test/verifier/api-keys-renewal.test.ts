/** The token that is kept in the place of a key: renewed before it expires, and again when it was revoked while the key was not. */
import { test } from 'tap'
import { exchanging } from '../support/api-keys.ts'
import { apiKey, ENDPOINT, refusal } from '../support/exchanging-issuer.ts'
import { createSigningKey } from '../support/issuer.ts'
import { POLL_MS, SECOND_MS } from '../support/simulated-verifier.ts'

const notValid = { code: 'invalid_api_key', message: 'The API key is not valid.' }

test('a token is renewed when three quarters of its life are over, and no request waits for it', async t => {
  const { environment, issuer, calls, reply, grant, tokenIdOf, exchanged, costsNoCall } = await exchanging(t)
  reply(apiKey(), () => grant())
  t.equal(await tokenIdOf(apiKey()), 'token-1')
  environment.pass(225 * SECOND_MS - 1)
  t.ok(await costsNoCall(() => tokenIdOf(apiKey())))

  environment.pass(1)
  const hold = issuer.holdAt(ENDPOINT)
  hold.close()
  for (let request = 0; request < 10; request += 1) t.equal(await tokenIdOf(apiKey()), 'token-1')
  await hold.waiting(1)
  const renewed = exchanged()
  hold.open()
  await renewed
  t.equal(await tokenIdOf(apiKey()), 'token-2')
  t.equal(calls.length, 2, 'ten requests renew once')
})

test('its life is counted from the question, whatever time the answer takes and whatever clock the issuer has', async t => {
  for (const issuerIsAhead of [-100, 100]) {
    const { environment, issuer, reply, grant, tokenIdOf, costsNoCall } = await exchanging(t, { clockTolerance: 299 })
    const iat = Math.floor(environment.now() / SECOND_MS) + issuerIsAhead
    reply(apiKey(), () => grant({ iat, exp: iat + 300 }))
    const hold = issuer.holdAt(ENDPOINT)
    hold.close()
    const first = tokenIdOf(apiKey())
    await hold.waiting(1)
    environment.pass(100 * SECOND_MS)
    hold.open()
    t.equal(await first, 'token-1')
    environment.pass(125 * SECOND_MS - 1)
    t.ok(await costsNoCall(() => tokenIdOf(apiKey())))
    environment.pass(1)
    hold.close()
    t.equal(await tokenIdOf(apiKey()), 'token-1')
    await hold.waiting(1)
    hold.open()
  }
})

test('with no request for a while the token expires, and the next request waits for one exchange', async t => {
  const { environment, calls, reply, grant, tokenIdOf } = await exchanging(t)
  reply(apiKey(), () => grant())
  t.equal(await tokenIdOf(apiKey()), 'token-1')
  environment.pass(330 * SECOND_MS)
  const ids = await Promise.all(Array.from({ length: 100 }, () => tokenIdOf(apiKey())))
  t.strictSame(new Set(ids), new Set(['token-2']))
  t.equal(calls.length, 2)
})

test('a request whose token has expired waits for the renewal that is under way', async t => {
  const { environment, issuer, calls, reply, grant, tokenIdOf } = await exchanging(t)
  reply(apiKey(), () => grant())
  await tokenIdOf(apiKey())
  environment.pass(299 * SECOND_MS)
  const hold = issuer.holdAt(ENDPOINT)
  hold.close()
  t.equal(await tokenIdOf(apiKey()), 'token-1')
  await hold.waiting(1)
  environment.pass(31 * SECOND_MS)
  const waiting = [tokenIdOf(apiKey()), tokenIdOf(apiKey())]
  hold.open()
  t.strictSame(await Promise.all(waiting), ['token-2', 'token-2'])
  t.equal(calls.length, 2)
})

test('a token that was revoked while its key is good is exchanged once, whoever asks', async t => {
  const { environment, publishBits, calls, reply, grant, keys, tokenIdOf } = await exchanging(t)
  reply(apiKey(), () => grant({ idx: 0, scope: 'posts:read posts:write' }))
  t.equal(await tokenIdOf(apiKey()), 'token-1')
  // A role was taken from the owner, for one: what is given from now on has another entry.
  reply(apiKey(), () => grant({ idx: 1, scope: 'posts:read' }))
  publishBits('1', 0b01)
  await environment.advance(POLL_MS)
  const all = await Promise.all(Array.from({ length: 100 }, () => keys.verify(apiKey())))
  t.strictSame(new Set(all.map(({ jti, scope }) => `${jti} ${scope}`)), new Set(['token-2 posts:read']))
  t.equal(await tokenIdOf(apiKey()), 'token-2')
  t.equal(calls.length, 2)
})

test('who comes late with a revoked token takes the one that was exchanged meanwhile', async t => {
  const { environment, issuer, publishBits, calls, reply, grant, tokenIdOf } = await exchanging(t)
  reply(apiKey(), () => grant())
  await tokenIdOf(apiKey())
  publishBits('1', 0b01)
  await environment.advance(POLL_MS)
  reply(apiKey(), () => grant({ idx: 1 }))
  // Two begin with the same token. That of the second is looked up when the first is done.
  const first = tokenIdOf(apiKey())
  const second = tokenIdOf(apiKey())
  t.strictSame([await first, await second, await tokenIdOf(apiKey())], ['token-2', 'token-2', 'token-2'])
  t.equal(calls.length, 2)
  t.equal(issuer.countOf(ENDPOINT), 2)
})

test('a revoked key is refused within a poll, and its requests cost a call in ten seconds', async t => {
  const { environment, publishBits, calls, reply, grant, outcomeOf } = await exchanging(t)
  reply(apiKey(), () => grant())
  t.match(await outcomeOf(apiKey()), { code: 'accepted' })
  reply(apiKey(), refusal('invalid_request'))
  publishBits('1', 0b01)
  await environment.advance(POLL_MS)
  for (let second = 0; second < 10; second += 1) {
    const outcomes = await Promise.all([outcomeOf(apiKey()), outcomeOf(apiKey())])
    t.match(outcomes, [notValid, notValid])
    environment.pass(SECOND_MS)
  }
  t.equal(calls.length, 2)
  t.match(await outcomeOf(apiKey()), notValid)
  t.equal(calls.length, 3)
})

test('a renewal that finds the key refused ends the token at hand, too', async t => {
  const { environment, issuer, calls, reply, grant, outcomeOf } = await exchanging(t)
  reply(apiKey(), () => grant())
  await outcomeOf(apiKey())
  reply(apiKey(), refusal('invalid_request'))
  environment.pass(299 * SECOND_MS)
  const hold = issuer.holdAt(ENDPOINT)
  hold.close()
  t.match(await outcomeOf(apiKey()), { code: 'accepted' })
  await hold.waiting(1)
  environment.pass(31 * SECOND_MS)
  const waiting = outcomeOf(apiKey())
  // Now its own token would be good again.
  environment.setClock(-60 * SECOND_MS)
  hold.open()
  t.match(await waiting, notValid)
  t.match(await outcomeOf(apiKey()), notValid)
  t.equal(calls.length, 2)
})

test('a new token that is revoked already counts as a refused key: it costs no call at each request', async t => {
  const { environment, publishBits, calls, reply, grant, outcomeOf } = await exchanging(t)
  publishBits('1', 0b01)
  await environment.advance(POLL_MS)
  reply(apiKey(), () => grant({ idx: 0 }))
  for (let request = 0; request < 3; request += 1) t.match(await outcomeOf(apiKey()), notValid)
  t.equal(calls.length, 1)
  reply(apiKey(), () => grant({ idx: 1 }))
  environment.pass(10 * SECOND_MS)
  t.match(await outcomeOf(apiKey()), { code: 'accepted' })
})

test('when the key that signed a token has gone, the API key is exchanged for one of the next', async t => {
  const { environment, issuer, calls, reply, grant, tokenIdOf } = await exchanging(t)
  reply(apiKey(), () => grant())
  t.equal(await tokenIdOf(apiKey()), 'token-1')
  const next = await createSigningKey()
  issuer.publishKeys([next.jwk])
  await environment.advance(POLL_MS)
  reply(apiKey(), () => {
    const { body } = grant()
    return { body: { ...(body as object), access_token: issuer.token({ jti: 'of the next' }, {}, next) } }
  })
  t.strictSame(await Promise.all([tokenIdOf(apiKey()), tokenIdOf(apiKey())]), ['of the next', 'of the next'])
  t.equal(calls.length, 2)
})

test('a token of a moment works, and is renewed no more often than it lives', async t => {
  const { environment, calls, reply, grant, outcomeOf, costsNoCall } = await exchanging(t)
  reply(apiKey(), () => grant({}, { expires_in: 1 }))
  for (let request = 0; request < 50; request += 1) t.match(await outcomeOf(apiKey()), { code: 'accepted' })
  t.equal(calls.length, 1)
  environment.pass(749)
  t.ok(await costsNoCall(() => outcomeOf(apiKey())))
})
