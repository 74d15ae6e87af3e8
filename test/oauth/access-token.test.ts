import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { calculateJwkThumbprint } from 'jose'
import t from 'tap'
import { addClient } from '../support/clients.ts'
import { testClock } from '../support/clock.ts'
import {
  addAlice,
  api,
  claimsOf,
  freePort,
  headerOf,
  password,
  refresh,
  secret,
  serve,
  signIn,
} from '../support/serve.ts'
import { sessionsOf } from '../support/sqlite.ts'

const clock = testClock()
const port = await freePort()
const service = await serve(t, { clock })
const alice = await addAlice(service)
const underPath = await serve(t, {
  environment: { SIGNET_PORT: String(port), SIGNET_ISSUER: `http://127.0.0.1:${port}/auth/eu` },
})
await addAlice(underPath)

const verifier = fileURLToPath(new URL('./verify-access-token.ts', import.meta.url))
const verifyElsewhere = async (issuer: string, audience: string, token: string) =>
  JSON.parse((await promisify(execFile)(process.execPath, [verifier, issuer, audience, token])).stdout)

const signInThrough = (clientId: string) =>
  service.token({ grant_type: 'password', username: 'alice', password }, { client: [clientId, secret] })

t.test('the header and the claims are those of RFC 9068 and no others', async t => {
  const { access_token } = (await signIn(service)).body
  const { keys } = (await service.get('/.well-known/jwks.json')).body
  const header = headerOf(access_token)
  t.same(header, { alg: 'RS256', typ: 'at+jwt', kid: header.kid })
  t.ok(keys.some(({ kid }: { kid: string }) => kid === header.kid))
  const claims = claimsOf(access_token)
  const nowSeconds = Math.floor(clock.now() / 1000)
  t.same(claims, {
    iss: service.issuer,
    sub: alice.userId,
    aud: api,
    client_id: 'web-app',
    scope: 'posts:read posts:write',
    roles: ['editor'],
    iat: nowSeconds,
    exp: nowSeconds + 600,
    jti: claims.jti,
    sid: claims.sid,
    auth_time: nowSeconds,
    status: claims.status,
  })
  const { idx, uri } = claims.status.status_list
  t.same(claims.status, { status_list: { idx, uri } }, 'draft-ietf-oauth-status-list §6.1')
  t.ok(Number.isInteger(idx) && idx >= 0 && idx < 2 ** 20, `${idx}`)
  t.match(uri, /^http:\/\/127\.0\.0\.1:\d+\/oauth\/status-lists\/[0-9a-f]{16}$/)
  t.ok(uri.startsWith(service.issuer))
  t.equal((await fetch(uri)).status, 200, 'the list is there')
  t.match(claims.sub, /^user_[0-9a-f]{32}$/)
  t.match(claims.jti, /^token_[0-9a-f]{32}$/)
  t.match(claims.sid, /^session_[0-9a-f]{32}$/)
  t.notOk(JSON.stringify(claims).includes('alice'), 'no personal data')
})

t.test('a refresh makes a new jti, iat and exp, and keeps sub, sid, auth_time and status', async t => {
  const first = (await signIn(service)).body
  const before = claimsOf(first.access_token)
  clock.advance(90_500)
  const after = claimsOf((await refresh(service, first.refresh_token)).body.access_token)
  const { jti, iat, exp } = after
  t.not(jti, before.jti)
  t.equal(iat, Math.floor(clock.now() / 1000))
  t.same(after, { ...before, jti, iat, exp: iat + 600 })
  t.equal(exp - iat, 600)
})

t.test('a client may have an access token lifetime of its own, at sign-in and at refresh', async t => {
  await addClient(service, { clientId: 'short', accessTokenTtlSeconds: 60 })
  const first = await signInThrough('short')
  const form = { grant_type: 'refresh_token', refresh_token: first.body.refresh_token }
  const second = await service.token(form, { client: ['short', secret] })
  for (const { body } of [first, second]) {
    const { iat, exp } = claimsOf(body.access_token)
    t.equal(body.expires_in, 60)
    t.equal(exp - iat, 60)
  }
})

t.test('the lifetime of all other clients is configured', async t => {
  const configured = await serve(t, { environment: { SIGNET_ACCESS_TOKEN_TTL: '2m' } })
  await addAlice(configured)
  const { body } = await signIn(configured)
  const { iat, exp } = claimsOf(body.access_token)
  t.same([body.expires_in, exp - iat], [120, 120])
})

t.test('a client with the password grant alone gets no refresh token, and a session that can have none', async t => {
  await addClient(service, { clientId: 'kiosk', grants: ['password'] })
  const answer = await signInThrough('kiosk')
  t.same(Object.keys(answer.body).sort(), ['access_token', 'expires_in', 'scope', 'token_type'])
  t.match(sessionsOf(service.databaseFile).at(-1), { handle_hash: null, current_hash: null })
})

t.test('a separate process verifies a token with the issuer URL and nothing else', async t => {
  const { access_token } = (await signIn(underPath)).body
  const [header = '', , signature = ''] = access_token.split('.')
  const forged = Buffer.from(JSON.stringify({ ...claimsOf(access_token), roles: ['admin'] })).toString('base64url')
  const [verified, otherAudience, altered] = await Promise.all([
    verifyElsewhere(underPath.issuer, api, access_token),
    verifyElsewhere(underPath.issuer, 'https://other.example.com', access_token),
    verifyElsewhere(underPath.issuer, api, `${header}.${forged}.${signature}`),
  ])
  t.same(verified, claimsOf(access_token))
  t.same(otherAudience, { refused: 'ERR_JWT_CLAIM_VALIDATION_FAILED' })
  t.same(altered, { refused: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' })
})

t.test('the JWKS publishes the active key and a standby, with public members only and thumbprints as kid', async t => {
  const { status, headers, body } = await service.get('/.well-known/jwks.json')
  t.equal(status, 200)
  t.equal(headers.get('content-type'), 'application/json; charset=utf-8')
  t.equal(headers.get('cache-control'), 'public, max-age=300, must-revalidate')
  t.same(Object.keys(body), ['keys'])
  t.equal(body.keys.length, 2)
  for (const key of body.keys) {
    t.same(Object.keys(key).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use'])
    t.match(key, { alg: 'RS256', e: 'AQAB', kty: 'RSA', use: 'sig' })
    t.equal(Buffer.from(key.n, 'base64url').length, 256)
    t.equal(key.kid, await calculateJwkThumbprint(key))
  }
  const etag = headers.get('etag') ?? ''
  t.match(etag, /^"[\w-]{43}-gzip"$/, 'strong')
  const unchanged = await service.get('/.well-known/jwks.json', { headers: { 'if-none-match': etag } })
  t.same([unchanged.status, unchanged.text, unchanged.headers.get('etag')], [304, '', etag])
})

/** What there is beside the metadata of RFC 8414 for clients of OpenID Connect. */
const ofOpenid = {
  response_types_supported: [],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
}

const withProof = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'spiffe_jwt']
const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

t.test(
  'the metadata advertises what works and nothing else, and under one name what OpenID Connect requires',
  async t => {
    for (const [name, more] of [
      ['oauth-authorization-server', {}],
      ['openid-configuration', ofOpenid],
    ] as const) {
      const { status, body } = await service.get(`/.well-known/${name}`)
      t.equal(status, 200)
      t.strictSame(body, {
        ...more,
        issuer: service.issuer,
        token_endpoint: `${service.issuer}/oauth/token`,
        jwks_uri: `${service.issuer}/.well-known/jwks.json`,
        grant_types_supported: [
          'password',
          'refresh_token',
          'client_credentials',
          'urn:ietf:params:oauth:grant-type:token-exchange',
        ],
        token_endpoint_auth_methods_supported: [...withProof, 'none'],
        token_endpoint_auth_signing_alg_values_supported: algorithms,
        revocation_endpoint: `${service.issuer}/oauth/revoke`,
        revocation_endpoint_auth_methods_supported: [...withProof, 'none'],
        revocation_endpoint_auth_signing_alg_values_supported: algorithms,
        introspection_endpoint: `${service.issuer}/oauth/introspect`,
        introspection_endpoint_auth_methods_supported: withProof,
        introspection_endpoint_auth_signing_alg_values_supported: algorithms,
        password_ticket_redemption_endpoint: `${service.issuer}/oauth/password-tickets/redeem`,
        status_list_aggregation_endpoint: `${service.issuer}/oauth/status-lists`,
      })
    }
  },
)

t.test('every endpoint of the metadata is there, also with a path in the issuer', async t => {
  for (const { issuer, get } of [service, underPath]) {
    const { body: metadata } = await get('/.well-known/openid-configuration')
    const endpoints = Object.entries<string>(metadata).filter(([name]) => /_endpoint$|_uri$/.test(name))
    t.equal(endpoints.length, 6)
    for (const [name, url] of endpoints) {
      t.ok(url.startsWith(`${issuer}/`), name)
      const allow = (await fetch(url, { method: 'PROPFIND' })).headers.get('allow')
      const isDocument = name === 'jwks_uri' || name === 'status_list_aggregation_endpoint'
      t.equal(allow, isDocument ? 'GET, HEAD' : 'POST', name)
    }
    const { status_lists: uris } = (await get('/oauth/status-lists')).body
    t.ok(uris.length > 0)
    for (const uri of uris) t.ok(uri.startsWith(`${issuer}/oauth/status-lists/`), uri)
  }
})

t.test(
  'with a path in the issuer everything lies under it, and the metadata of RFC 8414 §3.1 in front of it',
  async t => {
    const { issuer } = underPath
    const { origin } = new URL(issuer)
    const inFront = await fetch(`${origin}/.well-known/oauth-authorization-server/auth/eu`)
    const metadata = (await inFront.json()) as Record<string, unknown>
    t.match(metadata, {
      issuer,
      token_endpoint: `${origin}/auth/eu/oauth/token`,
      jwks_uri: `${origin}/auth/eu/.well-known/jwks.json`,
    })
    t.strictSame((await underPath.get('/.well-known/openid-configuration')).body, { ...metadata, ...ofOpenid })
    t.equal((await underPath.get('/.well-known/jwks.json')).body.keys.length, 2)
    const { body } = await signIn(underPath)
    const claims = claimsOf(body.access_token)
    t.equal(claims.iss, issuer)
    t.equal((await fetch(claims.status.status_list.uri)).status, 200, 'the status list, too')
    t.equal((await refresh(underPath, body.refresh_token)).status, 200)
    const elsewhere = [
      '/oauth/token',
      '/oauth/revoke',
      '/oauth/introspect',
      '/oauth/status-lists',
      '/.well-known/jwks.json',
      '/.well-known/openid-configuration',
    ]
    for (const path of [...elsewhere, '/.well-known/oauth-authorization-server']) {
      t.equal((await fetch(origin + path)).status, 404, path)
    }
  },
)
