/** The package signet-verifier with a token service that is reached by another address than its name. */
import { type Test, test } from 'tap'
import { apiKey, ENDPOINT } from '../support/exchanging-issuer.ts'
import { type Json, startIssuer } from '../support/issuer.ts'
import { startFastApi } from './fastapi-service.ts'

const named = 'https://login.example.com'

async function reached(t: Test, path = '', metadata: Json = {}, environment: Readonly<Record<string, string>> = {}) {
  const issuer = await startIssuer(t, { named, path })
  issuer.publishMetadata(metadata)
  issuer.publishList('1', issuer.statusList('1', Buffer.from([2])))
  const settings = { SIGNET_DISCOVERY: issuer.url, ...environment }
  const resource = await startFastApi(t, { issuer: issuer.issuer, environment: settings })
  const token = (idx: number, uri = issuer.listUri('1')) => issuer.token({ status: { status_list: { idx, uri } } })
  return { issuer, resource, token }
}

test('FastAPI: keys and lists are fetched below the discovery URL, names stay the issuer’s', async t => {
  for (const path of ['', '/login']) {
    const { issuer, resource, token } = await reached(t, path)
    t.equal(await resource.verdict(token(0)), 200)
    t.equal(await resource.verdict(token(1)), 'The access token was revoked.')
    t.equal(
      await resource.verdict(issuer.token({ iss: `${issuer.url}${path}` })),
      'The access token is from another issuer.',
    )
    t.equal(issuer.requests[0]?.path, `/.well-known/oauth-authorization-server${path}`)
    t.notMatch(resource.log(), /whoever answers/, 'loopback is nobody else')
    t.match(await resource.verdict(token(0, `${issuer.url}/status-lists/1`)), /status/)
  }
})

test('FastAPI: what does not lie under the issuer is not asked for', async t => {
  for (const metadata of [
    { jwks_uri: 'https://keys.example.com/jwks.json' },
    { status_list_aggregation_endpoint: `${named}.example.org/status-lists` },
    { issuer: `${named}/` },
  ]) {
    const { issuer, resource, token } = await reached(t, '', metadata)
    t.equal(await resource.verdict(token(0)), 503, JSON.stringify(metadata))
    t.ok(issuer.requests.every(({ path }) => path === '/.well-known/oauth-authorization-server'))
  }
})

test('FastAPI: API keys are exchanged below the discovery URL, and nowhere else', async t => {
  const client = { API_KEY_CLIENT_ID: 'api' }
  const { issuer, resource } = await reached(t, '', { token_endpoint: `${named}${ENDPOINT}` }, client)
  const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token'
  issuer.publish(ENDPOINT, { access_token: issuer.token(), issued_token_type, token_type: 'Bearer', expires_in: 300 })
  t.match(await resource.withKey(apiKey()), { status: 200, body: { sub: 'user_1' } })

  const astray = await reached(t, '', { token_endpoint: `https://keys.example.com${ENDPOINT}` }, client)
  const said = astray.resource.hears(/names no token_endpoint that is a URL under the issuer/)
  t.equal((await astray.resource.withKey(apiKey())).status, 503)
  await said
})

test('FastAPI: plain http beyond loopback has to be asked for, and is said', async t => {
  const insecure = { SIGNET_DISCOVERY: 'http://signet.test:3000' }
  const { resource } = await reached(t, '', {}, { ...insecure, SIGNET_INSECURE_DISCOVERY: 'true' })
  t.match(resource.log(), /asked at http:\/\/signet\.test:3000 by plain http: whoever answers there is the issuer/)
  for (const environment of [
    insecure,
    { ...insecure, SIGNET_INSECURE_DISCOVERY: 'false' },
    { SIGNET_DISCOVERY: 'https://signet.test/.well-known/oauth-authorization-server' },
    { SIGNET_DISCOVERY: 'https://user@signet.test' },
    { SIGNET_DISCOVERY: 'ftp://signet.test' },
    { SIGNET_DISCOVERY: '' },
  ])
    await t.rejects(reached(t, '', {}, environment), { message: /ValueError: discovery must be/ })
  const odd = { ...insecure, SIGNET_INSECURE_DISCOVERY: 'yes' }
  await t.rejects(reached(t, '', {}, odd), { message: /SIGNET_INSECURE_DISCOVERY must be true or false/ })
})
