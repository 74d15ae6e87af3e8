/** How the package signet-verifier exchanges API keys, with an issuer of the test: what it asks, how often, and what becomes of failures. */
import { test } from 'tap'
import { apiKey, type Reply, refusal } from '../support/exchanging-issuer.ts'
import { api } from '../support/serve.ts'
import { takesKeys, withExchanges } from './fastapi-api-keys.ts'
import { startFastApi } from './fastapi-service.ts'

const forRabbit = { ...takesKeys, AUDIENCE: 'rabbitmq' }
const notValid = [401, 'The API key is not valid.']
const malformed = [401, 'The API key is malformed.']
const later = (seconds: number) => [503, 'The API key cannot be verified at the moment.', String(seconds)]

test('FastAPI: a key is exchanged by RFC 8693, and a hundred requests at once cost one call', async t => {
  const { hold, calls, reply, grant, outcomeOf, issuer } = await withExchanges(t)
  const held = hold()
  held.close()
  reply(apiKey(), () => grant())
  const first = Array.from({ length: 100 }, () => outcomeOf(apiKey()))
  await held.waiting(1)
  held.open()
  t.strictSame(new Set(await Promise.all(first)), new Set(['token-1']))
  const sent = issuer.requests.length
  for (let request = 0; request < 20; request += 1) t.equal(await outcomeOf(apiKey()), 'token-1')
  t.equal(issuer.requests.length, sent, 'no call of any kind')
  t.strictSame(
    calls.map(({ form, headers }) => [Object.fromEntries(form), headers.authorization]),
    [
      [
        {
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          client_id: 'gateway',
          subject_token: apiKey(),
          subject_token_type: 'urn:signet:params:oauth:token-type:api-key',
          resource: api,
        },
        undefined,
      ],
    ],
  )
})

test('FastAPI: an audience that is a name is asked for as one (§2.1)', async t => {
  const { calls, reply, grant, outcomeOf } = await withExchanges(t, { app: 'guarded', environment: forRabbit })
  reply(apiKey(), () => grant({ aud: 'rabbitmq' }))
  t.equal(await outcomeOf(apiKey()), 'token-1')
  t.match(Object.fromEntries(calls[0]?.form ?? []), { audience: 'rabbitmq', resource: undefined })
})

test('FastAPI: a confidential client authenticates by HTTP Basic, both halves form-urlencoded', async t => {
  const environment = { API_KEY_CLIENT_ID: 'the gateway', API_KEY_CLIENT_SECRET: 's:e%c+r&e=t/"' }
  const { calls, reply, grant, outcomeOf } = await withExchanges(t, { environment })
  reply(apiKey(), () => grant())
  t.equal(await outcomeOf(apiKey()), 'token-1')
  const [scheme, encoded = ''] = calls[0]?.headers.authorization?.split(' ') ?? []
  t.equal(scheme, 'Basic')
  t.equal(Buffer.from(encoded, 'base64').toString(), 'the+gateway:s%3Ae%25c%2Br%26e%3Dt%2F%22')
  t.notOk(calls[0]?.form.has('client_secret'), 'the secret is sent once')
})

test('FastAPI: what can be no key costs nothing, and a refused one a call in ten seconds', async t => {
  const { calls, reply, grant, outcomeOf, advance } = await withExchanges(t)
  const key = apiKey()
  const wrong = [
    'x',
    key.slice(0, -1),
    `${key}0`,
    `${key.slice(0, -1)}${key.endsWith('0') ? 1 : 0}`,
    key.replace('c0ffee', 'C0FFEE'),
    `Bearer ${key}`,
  ]
  for (const each of wrong) t.strictSame(await outcomeOf(each), malformed, each.slice(0, 20))
  t.equal(calls.length, 0)
  t.strictSame(
    new Set((await Promise.all(Array.from({ length: 20 }, () => outcomeOf(key)))).map(String)),
    new Set([String(notValid)]),
  )
  advance(9)
  reply(key, () => grant())
  t.strictSame(await outcomeOf(key), notValid)
  t.equal(calls.length, 1)
  advance(1)
  t.equal(await outcomeOf(key), 'token-1')
})

test('FastAPI: a key that is not for this service is 401 and not remembered; what is not of its own is 503 for it alone', async t => {
  const { calls, resource, reply, grant, outcomeOf, advance } = await withExchanges(t)
  const said = resource.hears(/an API key was not exchanged: It answers 400 invalid_target\./)
  reply(apiKey(1), refusal('invalid_target'))
  t.strictSame(await outcomeOf(apiKey(1)), notValid)
  await said
  reply(apiKey(1), () => grant())
  t.equal(await outcomeOf(apiKey(1)), 'token-1')
  reply(apiKey(2), refusal('invalid_scope'))
  for (let asked = 0; asked < 2; asked += 1) t.strictSame(await outcomeOf(apiKey(2)), notValid)
  for (const [number, answer] of [
    [3, grant({ aud: 'https://other.example.com' })],
    [4, grant({}, { access_token: 'opaque' })],
  ] as const) {
    reply(apiKey(number), answer)
    const before = calls.length
    t.strictSame([await outcomeOf(apiKey(number)), await outcomeOf(apiKey(number))], [later(10), later(10)])
    t.equal(calls.length, before + 1)
    advance(10)
    reply(apiKey(number), () => grant({ jti: `of ${number}` }))
    t.equal(await outcomeOf(apiKey(number)), `of ${number}`)
  }
})

test('FastAPI: sixteen unknown keys are asked for at once, the next is to come again, and known ones are not among them', async t => {
  const { hold, calls, reply, grant, outcomeOf, advance } = await withExchanges(t)
  reply(apiKey(), () => grant())
  t.equal(await outcomeOf(apiKey()), 'token-1')
  advance(330)
  const held = hold()
  held.close()
  const strangers = Array.from({ length: 16 }, (_, at) => outcomeOf(apiKey(100 + at)))
  await held.waiting(16)
  t.strictSame(await outcomeOf(apiKey(200)), later(1))
  const known = outcomeOf(apiKey())
  await held.waiting(17)
  held.open()
  t.equal(await known, 'token-2')
  t.strictSame(await Promise.all(strangers), Array(16).fill(notValid))
  t.strictSame(await outcomeOf(apiKey(200)), notValid, 'there is room again')
  t.equal(calls.length, 1 + 17 + 1)
})

test('FastAPI: a token is renewed before it ends, and nobody waits for it', async t => {
  const { hold, calls, reply, grant, outcomeOf, advance } = await withExchanges(t)
  reply(apiKey(), () => grant())
  t.equal(await outcomeOf(apiKey()), 'token-1')
  advance(190)
  t.equal(await outcomeOf(apiKey()), 'token-1')
  t.equal(calls.length, 1)
  advance(40)
  const held = hold()
  held.close()
  for (let request = 0; request < 5; request += 1) t.equal(await outcomeOf(apiKey()), 'token-1')
  await held.waiting(1)
  // What came with the old token has expired: who comes now waits for the renewal that is under way.
  advance(101)
  const waiting = [outcomeOf(apiKey()), outcomeOf(apiKey())]
  held.open()
  t.strictSame(await Promise.all(waiting), ['token-2', 'token-2'])
  t.equal(calls.length, 2, 'five requests renew once')
})

const token = {
  access_token: 'x',
  issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  token_type: 'Bearer',
}

/** By what the token service answers: the seconds in which it is not asked again, whatever the key. */
const failures: readonly (readonly [title: string, reply: Reply, seconds: number])[] = [
  ['429 with a time', refusal('too_many_requests', 429, { 'retry-after': '30' }), 30],
  ['429', refusal('too_many_requests', 429), 1],
  ['503 with a time', refusal('temporarily_unavailable', 503, { 'retry-after': '7' }), 7],
  ['503 with a time of an hour', refusal('temporarily_unavailable', 503, { 'retry-after': '3600' }), 60],
  ['503 with a time that is none', refusal('temporarily_unavailable', 503, { 'retry-after': 'soon' }), 1],
  ['500 without JSON', { status: 500, body: 'x' }, 1],
  ['the client is unknown', refusal('invalid_client', 401), 10],
  ['401 with the code of a bad key', refusal('invalid_request', 401), 10],
  ['a code that repeats something', refusal(apiKey()), 10],
  ['a redirect', { status: 307, headers: { location: '/elsewhere' }, body: '' }, 10],
  ['no JSON', { body: `<p>${apiKey()}` }, 1],
  ['a token without a time', { body: token }, 1],
  [
    'a time of 400 digits',
    { body: JSON.stringify({ ...token, expires_in: 0 }).replace(':0', `:${'9'.repeat(400)}`) },
    1,
  ],
  ['too much', { body: ' '.repeat(1_000_001) }, 1],
]

test('FastAPI: whatever else the token service answers is 503, it is left alone for a while, and nothing of a key is said', async t => {
  const { issuer, calls, resource, reply, grant, outcomeOf, advance } = await withExchanges(t)
  reply(apiKey(2), () => grant())
  t.equal(await outcomeOf(apiKey(2)), 'token-1')
  for (const [title, answer, seconds] of failures) {
    reply(apiKey(1), answer)
    const before = calls.length
    t.strictSame(await outcomeOf(apiKey(1)), later(seconds), title)
    t.match(await outcomeOf(apiKey(3)), [503], `${title}: whatever the key`)
    t.equal(await outcomeOf(apiKey(2)), 'token-1', `${title}: what is known goes on`)
    t.equal(calls.length, before + 1, title)
    // Beyond the head start of known keys, and none of the tokens' lives.
    advance(seconds + 1)
    reply(apiKey(2), () => grant({ jti: 'token-1' }))
  }
  t.equal(issuer.countOf('/elsewhere'), 0)
  const last = resource.hears(/API keys can't be exchanged: It answers 503 temporarily_unavailable\./)
  const date = new Date(Date.now() + 3_600_000).toUTCString()
  reply(apiKey(1), refusal('temporarily_unavailable', 503, { 'retry-after': date }))
  t.strictSame(await outcomeOf(apiKey(1)), later(60), 'a date')
  await last
  t.match(resource.log(), /API keys can't be exchanged: It answers 401 invalid_client\./)
  t.notMatch(resource.log(), /signet_key|c0ffee/)
})

test('FastAPI: after a pause a key known good that came in it goes first, and unknown ones wait for a second more', async t => {
  const { reply, grant, outcomeOf, advance } = await withExchanges(t)
  reply(apiKey(1), () => grant())
  t.equal(await outcomeOf(apiKey(1)), 'token-1')
  advance(331)
  reply(apiKey(2), refusal('temporarily_unavailable', 503, { 'retry-after': '5' }))
  t.strictSame(await outcomeOf(apiKey(2)), later(5))
  t.strictSame(await outcomeOf(apiKey(1)), later(5))
  t.strictSame(await outcomeOf(apiKey(3)), later(6))
  advance(5)
  t.strictSame(await outcomeOf(apiKey(3)), later(1))
  t.equal(await outcomeOf(apiKey(1)), 'token-2')
  advance(1)
  t.strictSame(await outcomeOf(apiKey(3)), notValid)
})

test('FastAPI: a token that cannot be verified yet is kept: the key is not exchanged again for that', async t => {
  const { issuer, calls, grant, reply } = await withExchanges(t)
  reply(apiKey(), () => grant())
  issuer.publish(issuer.jwksPath, { status: 503, body: '' })
  const resource = await startFastApi(t, { issuer: issuer.issuer, environment: takesKeys })
  for (let request = 0; request < 3; request += 1)
    t.match(await resource.withKey(apiKey()), {
      status: 503,
      body: { error_description: 'The keys of the issuer are unavailable.' },
    })
  const serves = resource.hears(/jwks\.json has news/)
  issuer.publishKeys([issuer.key.jwk])
  await serves
  t.match(await resource.withKey(apiKey()), { status: 200, body: { jti: 'token-1' } })
  t.equal(calls.length, 1)
})

test('FastAPI: a silent token endpoint is given up after 2 s, and one that has moved is found again', async t => {
  const { issuer, resource, grant, outcomeOf, advance } = await withExchanges(t)
  issuer.publish('/oauth/token', () => undefined)
  const silence = resource.hears(/API keys can't be exchanged: \w*Timeout/)
  t.strictSame(await outcomeOf(apiKey()), later(1))
  await silence
  issuer.publishMetadata({ token_endpoint: 'http://login.example.com/oauth/token' })
  advance(1)
  const nowhere = resource.hears(/The metadata names no token_endpoint that is an https URL\./)
  t.strictSame(await outcomeOf(apiKey()), later(1))
  await nowhere
  issuer.publish('/moved', (_, response) => response.end(JSON.stringify(grant().body)))
  issuer.publishMetadata({ token_endpoint: `http://127.0.0.1:${issuer.port}/moved` })
  advance(1)
  const again = resource.hears(/API keys can be exchanged again/)
  t.equal(await outcomeOf(apiKey()), 'token-1')
  await again
})
