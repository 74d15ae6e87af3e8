/** The token service can't exchange keys, or asks to be left alone: who waits how long, and what goes on meanwhile. */
import { test } from 'tap'
import { exchanging } from '../support/api-keys.ts'
import { apiKey, ENDPOINT, type Reply, refusal } from '../support/exchanging-issuer.ts'
import { SECOND_MS } from '../support/simulated-verifier.ts'

const message = 'The API key cannot be verified at the moment.'
const unreadable = 'It answers 200 without an access token that can be used.'
const away = (headers: Readonly<Record<string, string>> = {}, status = 503): Reply => ({ status, headers, body: '' })

/** By what the token service answers: the seconds in which it is not asked again, and what the event says. */
const failures: Readonly<Record<string, readonly [reply: Reply, seconds: number, problem: string]>> = {
  '500 without JSON': [away({}, 500), 1, 'It answers 500.'],
  '503 without a time': [refusal('temporarily_unavailable', 503), 1, 'It answers 503 temporarily_unavailable.'],
  '503 with a time': [away({ 'retry-after': '7' }), 7, 'It answers 503.'],
  '503 with a time of an hour': [away({ 'retry-after': '3600' }), 60, 'It answers 503.'],
  '503 with no time to wait': [away({ 'retry-after': '0' }), 1, 'It answers 503.'],
  '503 with a time that is none': [away({ 'retry-after': 'soon' }), 1, 'It answers 503.'],
  '429': [refusal('too_many_requests', 429), 1, 'It answers 429 too_many_requests.'],
  '429 with a time': [away({ 'retry-after': '30' }, 429), 30, 'It answers 429.'],
  'the client is unknown': [refusal('invalid_client', 401), 10, 'It answers 401 invalid_client.'],
  'the client may not do this': [refusal('unauthorized_client'), 10, 'It answers 400 unauthorized_client.'],
  'there is no such grant': [refusal('unsupported_grant_type'), 10, 'It answers 400 unsupported_grant_type.'],
  '401 with the code of a bad key': [refusal('invalid_request', 401), 10, 'It answers 401 invalid_request.'],
  'a code that repeats something': [refusal(apiKey()), 10, 'It answers 400.'],
  'a code of a key with another status': [refusal('invalid_target', 403), 10, 'It answers 403 invalid_target.'],
  'no such place': [away({}, 404), 10, 'It answers 404.'],
  'a redirect': [away({ location: '/elsewhere' }, 307), 10, 'It answers 307.'],
  'no JSON': [{ body: `<p>${apiKey()}` }, 1, unreadable],
  'no token': [{ body: {} }, 1, unreadable],
  'too much': [{ body: ' '.repeat(1_000_001) }, 1, 'It has more than 1000000 bytes.'],
}

for (const [title, [reply, seconds, problem]] of Object.entries(failures))
  test(`${title}: nobody asks again for ${seconds} s, whatever the key`, async t => {
    const { environment, issuer, calls, events, outcomeOf, costsNoCall, ...issuing } = await exchanging(t)
    issuing.reply(apiKey(1), reply)
    issuing.reply(apiKey(2), () => issuing.grant())
    t.strictSame(await outcomeOf(apiKey(1)), { code: 'unavailable', message, retryAfter: seconds })
    environment.pass(seconds * SECOND_MS - 1)
    for (const number of [1, 2])
      t.ok(
        await costsNoCall(async () =>
          t.strictSame(await outcomeOf(apiKey(number)), { code: 'unavailable', message, retryAfter: 0.001 }),
        ),
      )
    environment.pass(1)
    t.match(await outcomeOf(apiKey(2)), { code: 'accepted' })
    t.equal(calls.length, 2)
    const uri = `http://127.0.0.1:${issuer.port}${ENDPOINT}`
    t.strictSame(events, [
      { type: 'outage', document: 'token_endpoint', uri, problem },
      { type: 'recovery', document: 'token_endpoint', uri },
    ])
    t.equal(issuer.countOf('/elsewhere'), 0)
  })

test('Retry-After may be a date', async t => {
  const { environment, reply, outcomeOf } = await exchanging(t)
  const date = new Date(environment.now() + 25 * SECOND_MS).toUTCString()
  reply(apiKey(), away({ 'retry-after': date }))
  t.match(await outcomeOf(apiKey()), { code: 'unavailable', retryAfter: 25 })
})

test('an answer with a token needs each of its members', async t => {
  const { environment, reply, grant, outcomeOf } = await exchanging(t)
  const flaws = {
    access_token: [undefined, '', 7],
    issued_token_type: [undefined, 'urn:ietf:params:oauth:token-type:refresh_token'],
    token_type: [undefined, 'N_A', 'DPoP'],
    expires_in: [undefined, null, '300', -1],
  }
  for (const [member, values] of Object.entries(flaws))
    for (const value of values) {
      reply(apiKey(), () => grant({}, { [member]: value }))
      t.match(await outcomeOf(apiKey()), { code: 'unavailable', message }, `${member}: ${value}`)
      environment.pass(SECOND_MS)
    }
  reply(apiKey(), () => grant({}, { token_type: 'bearer' }))
  t.match(await outcomeOf(apiKey()), { code: 'accepted' })
})

test('a problem is said once, and nothing that is said has anything of a key', async t => {
  const { environment, events, reply, outcomeOf } = await exchanging(t)
  reply(apiKey(1), refusal('invalid_client', 401))
  for (let time = 0; time < 3; time += 1) {
    t.match(await outcomeOf(apiKey(1)), { code: 'unavailable' })
    environment.pass(10 * SECOND_MS)
  }
  t.equal(events.length, 1)
  environment.cut()
  const told = [await outcomeOf(apiKey(1)), await outcomeOf(apiKey(1).slice(1)), ...events]
  t.match(events[1], { type: 'outage', problem: 'fetch failed: The network is cut.' })
  t.notMatch(JSON.stringify(told), /signet_key|c0ffee/)
})

test('while the token service is away, keys whose token is alive go on, and others are unavailable', async t => {
  const { environment, outcomeOf, reply, grant, calls } = await exchanging(t)
  for (const number of [1, 2]) reply(apiKey(number), () => grant())
  await outcomeOf(apiKey(1))
  environment.cut()
  for (let second = 0; second < 325; second += 5) {
    const outcome = await outcomeOf(apiKey(1))
    if (outcome.code !== 'accepted') t.fail(`${second}: ${outcome.code}`)
    await environment.advance(5 * SECOND_MS)
  }
  t.match(await outcomeOf(apiKey(2)), { code: 'unavailable' })
  environment.pass(5 * SECOND_MS)
  t.match(await outcomeOf(apiKey(1)), { code: 'unavailable', message })
  environment.mend()
  environment.pass(2 * SECOND_MS)
  t.match(await outcomeOf(apiKey(1)), { code: 'accepted' })
  t.match(await outcomeOf(apiKey(2)), { code: 'accepted' })
  t.equal(calls.length, 3)
})

test('after a pause a key known good that came in it goes first, and strangers wait for a second more', async t => {
  const { environment, outcomeOf, reply, grant, calls } = await exchanging(t)
  reply(apiKey(1), () => grant())
  await outcomeOf(apiKey(1))
  environment.pass(330 * SECOND_MS)
  reply(apiKey(2), away({ 'retry-after': '5' }))
  t.match(await outcomeOf(apiKey(2)), { code: 'unavailable', retryAfter: 5 })
  t.match(await outcomeOf(apiKey(1)), { code: 'unavailable', retryAfter: 5 })
  t.match(await outcomeOf(apiKey(3)), { code: 'unavailable', retryAfter: 6 })
  environment.pass(5 * SECOND_MS)
  t.match(await outcomeOf(apiKey(3)), { code: 'unavailable', retryAfter: 1 })
  t.match(await outcomeOf(apiKey(1)), { code: 'accepted' })
  environment.pass(SECOND_MS)
  t.match(await outcomeOf(apiKey(3)), { code: 'invalid_api_key' })
  t.equal(calls.length, 4)
})

test('a key known good that does not come again keeps strangers waiting once, not at each pause', async t => {
  const { environment, outcomeOf, reply, grant } = await exchanging(t)
  reply(apiKey(1), () => grant())
  await outcomeOf(apiKey(1))
  environment.pass(330 * SECOND_MS)
  reply(apiKey(2), away({ 'retry-after': '5' }))
  await outcomeOf(apiKey(2))
  await outcomeOf(apiKey(1))
  environment.pass(6 * SECOND_MS)
  t.match(await outcomeOf(apiKey(2)), { code: 'unavailable', retryAfter: 5 })
  t.match(await outcomeOf(apiKey(3)), { code: 'unavailable', retryAfter: 5 })
})

test('of several times to wait that come at once, the longest holds', async t => {
  const { environment, outcomeOf, reply } = await exchanging(t)
  for (const [one, other] of [
    [1, 2],
    [2, 1],
  ] as const) {
    reply(apiKey(one), away({ 'retry-after': '5' }))
    reply(apiKey(other), away())
    await Promise.all([outcomeOf(apiKey(1)), outcomeOf(apiKey(2))])
    t.match(await outcomeOf(apiKey(3)), { code: 'unavailable', retryAfter: 5 })
    environment.pass(5 * SECOND_MS)
  }
})

test('a token that cannot be verified yet is kept: the key is not exchanged again for that', async t => {
  const { environment, issuer, start, reply, grant, calls } = await exchanging(t)
  reply(apiKey(), () => grant())
  issuer.publish(issuer.jwksPath, { status: 503, body: '' })
  const { verifier } = start()
  const keys = verifier.apiKeys({ clientId: 'posts-api' })
  for (let request = 0; request < 3; request += 1)
    await t.rejects(keys.verify(apiKey()), { code: 'unavailable', message: /The keys of the issuer/ })
  issuer.publishKeys([issuer.key.jwk])
  await environment.advance(20 * SECOND_MS)
  t.equal((await keys.verify(apiKey())).jti, 'token-1')
  t.equal(calls.length, 1)
})

test('a token endpoint that is silent is given up after 2 s', async t => {
  const { issuer, events, outcomeOf } = await exchanging(t, { givesUp: true })
  issuer.publish(ENDPOINT, () => undefined)
  const beganAt = performance.now()
  t.match(await outcomeOf(apiKey()), { code: 'unavailable', message, retryAfter: 1 })
  const ms = performance.now() - beganAt
  t.ok(ms > 1_900 && ms < 8_000, `${ms} ms`)
  t.match(events, [{ type: 'outage', document: 'token_endpoint', problem: /timeout/i }])
})

test('only an https URL of the metadata is asked, and one that has moved is found again', async t => {
  const { environment, issuer, events, outcomeOf, reply, grant, verifier } = await exchanging(t)
  reply(apiKey(), () => grant())
  issuer.publish(ENDPOINT, { status: 404, body: '' })
  t.match(await outcomeOf(apiKey()), { code: 'unavailable' })
  const bad = ['http://login.example.com/oauth/token', 'ftp://127.0.0.1/', 'oauth/token', 7, undefined]
  for (const token_endpoint of bad) {
    issuer.publishMetadata({ token_endpoint })
    environment.pass(10 * SECOND_MS)
    t.match(await outcomeOf(apiKey()), { code: 'unavailable' })
  }
  t.equal(events.length, 2, 'it is the same problem with each, because none is asked')
  t.match(events.at(-1), { problem: 'The metadata names no token_endpoint that is an https URL.', uri: undefined })
  t.ok(await verifier.verify(issuer.token()), 'tokens need none')
  const moved: string[] = []
  issuer.publish('/moved', (_, response) => {
    moved.push('asked')
    response.end(JSON.stringify(grant().body))
  })
  issuer.publishMetadata({ token_endpoint: `http://127.0.0.1:${issuer.port}/moved` })
  environment.pass(10 * SECOND_MS)
  t.match(await outcomeOf(apiKey()), { code: 'accepted' })
  t.equal(moved.length, 1)
})
