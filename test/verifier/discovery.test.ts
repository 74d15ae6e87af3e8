/** An issuer that is reached by another name than its own: behind a proxy for the world, and by its container's name from here. */
import { createVerifier, type VerifierEvent, type VerifierOptions } from '@signet/verifier'
import { type Test, test } from 'tap'
import { apiKey, ENDPOINT } from '../support/exchanging-issuer.ts'
import { type IssuerOptions, type Json, startIssuer } from '../support/issuer.ts'
import { verifierFor } from '../support/resource-callers.ts'
import { api } from '../support/serve.ts'
import { outcomeOf, testEnvironment } from '../support/verifier-environment.ts'

const named = 'https://login.example.com'

/** A verifier whose network knows `http://signet:3000`, as one of containers does. What else it asked for is in `elsewhere`. */
async function reached(t: Test, options: Partial<VerifierOptions>, more: IssuerOptions = {}, metadata: Json = {}) {
  const environment = testEnvironment()
  const issuer = await startIssuer(t, { named, now: environment.now, ...more })
  issuer.publishMetadata(metadata)
  issuer.publishList('1', issuer.statusList('1', Buffer.from([2])))
  const elsewhere: string[] = []
  const events: VerifierEvent[] = []
  const network = {
    ...environment,
    fetch: (input: string | URL | Request, init?: RequestInit) => {
      const uri = String(input)
      if (!uri.startsWith('http://signet:3000/') && !uri.startsWith(`${issuer.url}/`)) elsewhere.push(uri)
      return environment.fetch(uri.replace('http://signet:3000', issuer.url), init)
    },
  }
  const onEvent = (event: VerifierEvent) => void events.push(event)
  const settings = { issuer: issuer.issuer, discovery: issuer.url, onEvent, ...options }
  const verifier = verifierFor(t, settings, network)
  await environment.idle()
  const status = (idx: number) => ({ status: { status_list: { idx, uri: issuer.listUri('1') } } })
  return { issuer, verifier, events, elsewhere, status, environment }
}

test('keys and status lists are fetched below discovery, and the names in tokens and lists stay the issuer’s', async t => {
  const insecure = { discovery: 'http://signet:3000', insecureDiscovery: true }
  for (const [path, options] of [
    ['', {}],
    ['', insecure],
    ['/login', {}],
    ['/login', insecure],
    ['/login', { ...insecure, discovery: 'http://signet:3000/login/' }],
  ] as const) {
    const { verifier, issuer, elsewhere, status } = await reached(t, options, { path })
    await verifier.ready()
    t.equal(await outcomeOf(verifier, issuer.token(status(0))), 'accepted')
    t.equal(await outcomeOf(verifier, issuer.token(status(1))), 'revoked')
    t.equal(await outcomeOf(verifier, issuer.token({ iss: `${issuer.url}${path}` })), 'wrong_issuer')
    t.equal(issuer.requests[0]?.path, `/.well-known/oauth-authorization-server${path}`)
    t.strictSame(elsewhere, [])
    t.equal(verifier.issuer, `${named}${path}`)
  }
})

test('what does not lie under the issuer is not asked for, whatever the document or a token says', async t => {
  const stranger = 'https://keys.example.com/jwks.json'
  const bad: readonly (readonly [Json, RegExp])[] = [
    [{ jwks_uri: stranger }, /jwks_uri is not a URL under the issuer/],
    [{ jwks_uri: 'http://signet:3000/jwks.json' }, /jwks_uri/],
    [{ jwks_uri: `${named}.example.org/jwks.json` }, /jwks_uri/],
    [{ jwks_uri: `${named}/login/../jwks.json` }, /jwks_uri/],
    [{ jwks_uri: `${named}/jwks.json` }, /jwks_uri/],
    [{ status_list_aggregation_endpoint: stranger }, /status_list_aggregation_endpoint/],
    [{ issuer: 'http://signet:3000/login' }, /another issuer: "http:\/\/signet:3000\/login"/],
  ]
  for (const [metadata, problem] of bad) {
    const { verifier, elsewhere, issuer } = await reached(t, {}, { path: '/login' }, metadata)
    t.match(verifier.health(), { status: 'unavailable', keys: { problem } })
    t.equal(issuer.requests.length, 1)
    t.strictSame(elsewhere, [])
  }
  const { verifier, issuer, elsewhere } = await reached(t, {})
  for (const uri of [stranger, `${issuer.url}/status-lists/1`, `${named}.example.org/1`])
    t.equal(await outcomeOf(verifier, issuer.token({ status: { status_list: { idx: 0, uri } } })), 'invalid_claim')
  t.strictSame(elsewhere, [])
})

test('redirects are not followed there either', async t => {
  const { verifier, issuer, elsewhere, environment } = await reached(t, {})
  issuer.publish(issuer.jwksPath, { status: 302, headers: { location: 'https://keys.example.com/' }, body: '' })
  await environment.advance(5_000)
  t.match(verifier.health().keys, { uri: `${issuer.url}/jwks.json`, problem: 'It answers 302.' })
  t.strictSame(elsewhere, [])
})

test('API keys are exchanged there, and nowhere else', async t => {
  const client = { clientId: 'api', clientSecret: 'a secret' }
  const { verifier, issuer, elsewhere } = await reached(t, {}, {}, { token_endpoint: `${named}${ENDPOINT}` })
  const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token'
  issuer.publish(ENDPOINT, { access_token: issuer.token(), issued_token_type, token_type: 'Bearer', expires_in: 300 })
  t.match(await verifier.apiKeys(client).verify(apiKey()), { sub: 'user_1' })
  t.strictSame(elsewhere, [])

  const astray = await reached(t, {}, {}, { token_endpoint: `https://keys.example.com${ENDPOINT}` })
  await t.rejects(astray.verifier.apiKeys(client).verify(apiKey()), { code: 'unavailable' })
  t.match(astray.events.at(-1), { problem: 'The metadata names no token_endpoint that is a URL under the issuer.' })
  t.strictSame(astray.elsewhere, [])
})

test('plain http beyond loopback has to be asked for by insecureDiscovery, and is said: by an event and by one warning', async t => {
  const warnings: Error[] = []
  const note = (warning: Error) => {
    if (warning.message.includes('signet:3000')) warnings.push(warning)
  }
  process.on('warning', note)
  t.teardown(() => process.off('warning', note))
  const insecure = { discovery: 'http://signet:3000', insecureDiscovery: true }
  const { events, environment } = await reached(t, insecure)
  await environment.advance(60_000)
  t.strictSame(events, [{ type: 'insecure_discovery', uri: 'http://signet:3000/' }])
  t.match(warnings, [{ name: 'SignetVerifierWarning', code: 'SIGNET_VERIFIER', message: /signet:3000.*is the issuer/ }])
  t.equal(warnings.length, 1)

  const { events: none } = await reached(t, { insecureDiscovery: true })
  t.strictSame(none, [], 'loopback is nobody else')
  t.equal(warnings.length, 1)
})

test('discovery that makes no sense is a TypeError at once', async t => {
  const wrong: readonly unknown[] = [
    ...[null, '', 1, {}, 'signet:3000', '//signet:3000', 'ftp://signet', 'http://signet:3000', 'http://10.0.0.1'],
    ...['https://signet?a=b', 'https://signet#a', 'https://user:secret@signet', 'http://localhost.example.com'],
    'https://signet/.well-known/oauth-authorization-server',
  ]
  const create = (more: object) => () => createVerifier({ issuer: named, audience: api, ...more }, testEnvironment())
  for (const discovery of wrong) t.throws(create({ discovery }), { name: 'TypeError', message: /discovery/ })
  const discovery = 'http://signet:3000'
  for (const insecureDiscovery of [false, undefined])
    t.throws(create({ discovery, insecureDiscovery }), { name: 'TypeError', message: /insecureDiscovery: true/ })
  for (const insecureDiscovery of [null, 1, 'true', {}])
    t.throws(create({ discovery, insecureDiscovery }), { name: 'TypeError', message: /insecureDiscovery/ })
  for (const issuer of ['http://signet:3000', 'http://login.example.com'])
    t.throws(create({ issuer, discovery, insecureDiscovery: true }), { name: 'TypeError', message: /^issuer/ })
})
