/** Keys that are not good, and keys of strangers: what they may cost the token service. */
import { test } from 'tap'
import { exchanging } from '../support/api-keys.ts'
import { apiKey, ENDPOINT, refusal } from '../support/exchanging-issuer.ts'
import { SECOND_MS } from '../support/simulated-verifier.ts'

const notValid = { code: 'invalid_api_key', message: 'The API key is not valid.', retryAfter: undefined }
const atTheMoment = { code: 'unavailable', message: 'The API key cannot be verified at the moment.' }

test('a refused key is asked for once in ten seconds, and works at the first request after that', async t => {
  const { environment, calls, reply, grant, outcomeOf } = await exchanging(t)
  for (let request = 0; request < 100; request += 1) t.match(await outcomeOf(apiKey()), notValid)
  reply(apiKey(), () => grant())
  environment.pass(10 * SECOND_MS - 1)
  t.match(await outcomeOf(apiKey()), notValid)
  t.equal(calls.length, 1)
  environment.pass(1)
  t.match(await outcomeOf(apiKey()), { code: 'accepted' })
})

test('a new key works at once, whatever was refused before it', async t => {
  const { calls, reply, grant, outcomeOf, events } = await exchanging(t)
  for (let number = 1; number <= 50; number += 1) t.match(await outcomeOf(apiKey(number)), notValid)
  reply(apiKey(51), () => grant())
  t.match(await outcomeOf(apiKey(51)), { code: 'accepted' })
  t.equal(calls.length, 51)
  t.strictSame(events, [], 'a refused key is no event')
})

test('a hundred requests with one refused key at once cost one call', async t => {
  const { calls, outcomeOf } = await exchanging(t)
  const outcomes = await Promise.all(Array.from({ length: 100 }, () => outcomeOf(apiKey())))
  t.ok(outcomes.every(({ code }) => code === 'invalid_api_key'))
  t.equal(calls.length, 1)
})

test('sixteen unknown keys are asked for at once, the next is to come again, and known ones are not among them', async t => {
  const { environment, issuer, calls, reply, grant, outcomeOf, tokenIdOf } = await exchanging(t)
  reply(apiKey(), () => grant())
  t.equal(await tokenIdOf(apiKey()), 'token-1')
  environment.pass(330 * SECOND_MS)
  const hold = issuer.holdAt(ENDPOINT)
  hold.close()
  const strangers = Array.from({ length: 16 }, (_, at) => outcomeOf(apiKey(100 + at)))
  await hold.waiting(16)
  for (let number = 200; number < 220; number += 1)
    t.strictSame(await outcomeOf(apiKey(number)), { ...atTheMoment, retryAfter: 1 })
  const another = outcomeOf(apiKey(100))
  const renewal = tokenIdOf(apiKey())
  await hold.waiting(17)
  hold.open()
  t.equal(await renewal, 'token-2', 'the key that is known good has its token renewed')
  t.match([await another, ...(await Promise.all(strangers))], Array(17).fill(notValid))
  t.match(await outcomeOf(apiKey(200)), notValid, 'there is room again')
  t.equal(calls.length, 1 + 17 + 1)
})

test('forty failures leave the sixteen places free again', async t => {
  const { environment, calls, reply, outcomeOf } = await exchanging(t)
  for (let number = 0; number < 40; number += 1) {
    reply(apiKey(number), refusal('server_error', 500))
    t.match(await outcomeOf(apiKey(number)), atTheMoment)
    environment.pass(SECOND_MS)
  }
  t.equal(calls.length, 40)
})

test('a key that is good elsewhere, or for which the client may not ask, is refused and not remembered', async t => {
  for (const error of ['invalid_target', 'invalid_scope', 'invalid_grant']) {
    const { environment, calls, events, reply, grant, outcomeOf } = await exchanging(t)
    reply(apiKey(1), refusal(error))
    reply(apiKey(2), () => grant())
    t.match(await outcomeOf(apiKey(1)), notValid)
    t.match(await outcomeOf(apiKey(1)), notValid)
    t.match(await outcomeOf(apiKey(2)), { code: 'accepted' })
    t.equal(calls.length, 3)
    t.strictSame(events, [{ type: 'api_key_not_exchanged', problem: `It answers 400 ${error}.` }], 'said once')
    environment.pass(3_600 * SECOND_MS)
    t.match(await outcomeOf(apiKey(1)), notValid)
    t.equal(events.length, 2, 'and again after an hour')
    reply(apiKey(1), () => grant())
    t.match(await outcomeOf(apiKey(1)), { code: 'accepted' }, 'as soon as it is good here')
  }
})

test('keys that were good here and are no longer are as bounded as unknown ones', async t => {
  const { environment, issuer, calls, reply, grant, outcomeOf } = await exchanging(t)
  const keys = Array.from({ length: 20 }, (_, at) => apiKey(at))
  for (const key of keys) reply(key, () => grant())
  for (const key of keys) t.match(await outcomeOf(key), { code: 'accepted' })
  for (const key of keys) reply(key, refusal('invalid_target'))
  environment.pass(330 * SECOND_MS)
  for (const key of keys) t.match(await outcomeOf(key), notValid)
  t.equal(calls.length, 40)
  const hold = issuer.holdAt(ENDPOINT)
  hold.close()
  const held = keys.slice(0, 16).map(key => outcomeOf(key))
  await hold.waiting(16)
  for (const key of keys.slice(16)) t.strictSame(await outcomeOf(key), { ...atTheMoment, retryAfter: 1 })
  hold.open()
  t.match(await Promise.all(held), Array(16).fill(notValid))
})

test('a token that is of no use here is unavailable, and costs a call in ten seconds', async t => {
  const { environment, calls, events, reply, grant, outcomeOf } = await exchanging(t)
  reply(apiKey(1), () => grant({ aud: 'https://other.example.com' }))
  reply(apiKey(2), () => grant({ exp: 1 }))
  reply(apiKey(3), () => grant({}, { access_token: 'opaque' }))
  for (const number of [1, 1, 2, 2, 3, 3]) t.match(await outcomeOf(apiKey(number)), { ...atTheMoment, retryAfter: 10 })
  t.equal(calls.length, 3)
  t.match(events, [
    { type: 'api_key_not_exchanged', problem: /^Its access token is of no use here\. .* another audience\.$/ },
    { type: 'api_key_not_exchanged', problem: /expired/ },
    { type: 'api_key_not_exchanged', problem: /malformed/ },
  ])
  reply(apiKey(1), () => grant())
  environment.pass(10 * SECOND_MS)
  t.match(await outcomeOf(apiKey(1)), { code: 'accepted' })
})

test('a renewal that brings a token of no use leaves the one at hand', async t => {
  const { environment, calls, told, reply, grant, tokenIdOf } = await exchanging(t)
  reply(apiKey(), () => grant())
  await tokenIdOf(apiKey())
  reply(apiKey(), () => grant({ aud: 'https://other.example.com' }))
  environment.pass(226 * SECOND_MS)
  const failed = told()
  t.equal(await tokenIdOf(apiKey()), 'token-1')
  await failed
  t.equal(await tokenIdOf(apiKey()), 'token-1')
  t.equal(calls.length, 2)
  reply(apiKey(), () => grant())
  environment.pass(104 * SECOND_MS)
  t.equal(await tokenIdOf(apiKey()), 'token-3', 'the key is known good as before')
})
