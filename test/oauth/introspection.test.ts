import t, { type Test } from 'tap'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { inactive, page, scene, type Tokens, tokensOf } from '../support/scene.ts'
import { type Answer, api, byTest, claimsOf, password, secret } from '../support/serve.ts'
import { change, everythingIn, notOnPostgres } from '../support/sqlite.ts'

const account = ['account', secret] as const
const isInactive = (t: Test, { status, text }: Answer, title = '') => t.same([status, text], [200, inactive], title)

t.test(
  'an active access token is described by its own claims, without its status, and by the name of its user',
  async t => {
    const its = await scene(t)
    const { access } = await its.device()
    const { status: _, ...claims } = claimsOf(access)
    const answer = await its.introspect(access)
    t.equal(answer.status, 200)
    t.same(answer.body, {
      active: true,
      token_type: 'Bearer',
      iss: its.service.issuer,
      sub: its.userId,
      username: 'alice',
      aud: its.service.issuer,
      client_id: 'account',
      scope: 'posts:read posts:write',
      roles: ['editor'],
      iat: Math.floor(its.clock.now() / 1000),
      exp: Math.floor(its.clock.now() / 1000) + 600,
      jti: claims.jti,
      sid: claims.sid,
      auth_time: claims.iat,
    })
    t.same(answer.body, { active: true, token_type: 'Bearer', ...claims, username: 'alice' })
    t.notOk('username' in claims, 'which is in no token')
    t.match(answer.headers.get('content-type'), 'application/json')
    t.same([answer.headers.get('cache-control'), answer.headers.get('pragma')], ['no-store', 'no-cache'])
  },
)

t.test('a token without a scope has none in its description', async t => {
  const its = await scene(t)
  const { access } = await its.device({ username: 'bob' })
  const { body } = await its.introspect(access)
  t.match(body, { active: true, roles: [] })
  t.notOk('scope' in body)
})

t.test('an active refresh token is described to its own client', async t => {
  const its = await scene(t)
  const first = await its.device()
  const signedInAt = Math.floor(its.clock.now() / 1000)
  its.clock.advance(100_000)
  const { refreshToken, sid } = await its.refreshed(first)
  const answer = await its.introspect(refreshToken, account)
  t.same(answer.body, {
    active: true,
    iss: its.service.issuer,
    sub: its.userId,
    username: 'alice',
    client_id: 'account',
    scope: 'posts:read posts:write',
    iat: signedInAt,
    exp: Math.floor(its.clock.now() / 1000) + 14 * 86_400,
    sid,
  })
  t.equal(answer.headers.get('cache-control'), 'no-store')
  await its.service.clients.update('account', { scope: ['posts:read'] }, byTest)
  t.equal((await its.introspect(refreshToken, account)).body.scope, 'posts:read', 'what a refresh would give')
})

t.test('a client learns about the audiences that it was given, and about no others', async t => {
  const its = await scene(t)
  const { clients } = its.service
  const { access } = await its.device()
  await addClient(its.service, { clientId: 'narrow', grants: [], audiences: [its.service.issuer, api] })
  const asks = (token: string) => its.introspect(token, ['narrow', secret])
  const signIn = { grant_type: 'password', username: 'alice', password, resource: api }
  const forApi = tokensOf(await its.service.token(signIn, { client: account })).access

  for (const token of [access, forApi]) isInactive(t, await asks(token), 'its own audiences are not enough')
  isInactive(t, await its.introspect(access, account), 'nor is it that the token was issued to it')
  await clients.update('narrow', { introspect: [api] }, byTest)
  isInactive(t, await asks(access))
  t.match((await asks(forApi)).body, { active: true, aud: api })
  await clients.update('narrow', { introspect: [] }, byTest)
  isInactive(t, await asks(forApi), 'what is taken away ends at once')
})

t.test(
  'of a refresh token the current and, in the grace, the one before are active; to ask ends no session',
  { skip: notOnPostgres('its own clock measures the grace') },
  async t => {
    const its = await scene(t)
    const first = await its.device()
    const second = await its.refreshed(first)
    const third = await its.refreshed(second)
    const before = everythingIn(its.service.databaseFile)
    const asks = async ({ refreshToken }: Tokens) => (await its.introspect(refreshToken, account)).body.active
    t.same([await asks(third), await asks(second), await asks(first)], [true, true, false])
    isInactive(t, await its.introspect(first.refreshToken, account), 'which a refresh would take for a reuse')
    for (const { refreshToken } of [first, second, third]) {
      isInactive(t, await its.introspect(refreshToken), "another client's")
      isInactive(t, await its.introspect(refreshToken, ['web-app', secret]), "another client's")
    }
    its.clock.advance(30_000)
    t.same([await asks(third), await asks(second), await asks(first)], [true, false, false])
    t.same(everythingIn(its.service.databaseFile), before, 'nothing is written')
    t.equal((await its.refresh(third.refreshToken)).status, 200, 'and the session lives')
  },
)

t.test('a refresh token is inactive while its client may not refresh', async t => {
  const its = await scene(t)
  const { clients } = its.service
  const first = await its.device()
  const { refreshToken, access } = await its.refreshed(first)
  await clients.update('account', { grants: ['password'] }, byTest)
  for (const token of [refreshToken, first.refreshToken]) isInactive(t, await its.introspect(token, account))
  isInactive(t, await its.introspect(access), 'nor is its access token')
  await clients.update('account', { grants: ['password', 'refresh_token'] }, byTest)
  t.equal((await its.introspect(refreshToken, account)).body.active, true)
})

t.test('a hint does not decide what a token is', async t => {
  const its = await scene(t)
  const { access, refreshToken } = await its.device()
  const asks = async (token: string, token_type_hint: string, clientId: string) =>
    (await its.service.get('/oauth/introspect', { form: { token, token_type_hint }, client: [clientId, secret] })).body
  t.match(await asks(access, 'refresh_token', 'resource'), { active: true })
  t.match(await asks(refreshToken, 'access_token', 'account'), { active: true })
  t.match(await asks(access, 'nonsense', 'resource'), { active: true })
})

t.test('who cannot prove to be a client that keeps a secret gets 401 and learns nothing', async t => {
  const its = await scene(t)
  const spa = { grant_type: 'password', username: 'alice', password, client_id: 'spa' }
  const own = tokensOf(await its.service.token(spa))
  await addClient(its.service, { clientId: 'public', isPublic: true, secret: undefined })
  const mayIntrospect = 'update clients set introspect = ? where client_id = ?'
  change(its.service.databaseFile, mayIntrospect, JSON.stringify([api]), 'public')
  const { access } = await its.device()
  const asks = (token: string, more: object) => its.service.get('/oauth/introspect', { form: { token, ...more } })
  const refused = [
    await asks(own.refreshToken, { client_id: 'spa' }),
    await asks(own.access, { client_id: 'public' }),
    await asks(access, {}),
    await asks(access, { client_id: 'resource' }),
    await asks(access, { client_id: 'resource', client_secret: `${secret}x` }),
    await its.introspect(access, ['nobody', secret]),
    await its.service.get('/oauth/introspect', {
      form: { token: access },
      headers: { authorization: `Bearer ${access}` },
    }),
  ]
  for (const answer of refused) {
    isError(t, answer, [401, 'invalid_client'])
    t.match(answer.headers.get('www-authenticate'), /^Basic /)
  }
  t.equal((await asks(access, { client_id: 'resource', client_secret: secret })).body.active, true)
})

t.test('a page that the client has not registered gets 403', async t => {
  const its = await scene(t)
  const { access, refreshToken } = await its.device()
  const asks = (token: string, clientId: string, origin: string) =>
    its.service.get('/oauth/introspect', { form: { token }, client: [clientId, secret], headers: { origin } })
  isError(t, await asks(access, 'resource', page), [403, 'origin_not_allowed'])
  isError(t, await asks(access, 'resource', 'null'), [403, 'origin_not_allowed'])
  t.equal((await asks(refreshToken, 'account', page)).body.active, true)
})

t.test('an access token is active to the last second before its exp', async t => {
  const its = await scene(t)
  const { access } = await its.device()
  its.clock.advance(claimsOf(access).exp * 1000 - its.clock.now() - 1)
  t.equal((await its.introspect(access)).body.active, true)
  its.clock.advance(1)
  isInactive(t, await its.introspect(access))
})

t.test('a refresh token is active until it expires unused', async t => {
  const its = await scene(t)
  const { refreshToken } = await its.device()
  its.clock.advance(14 * 86_400_000 - 1)
  t.equal((await its.introspect(refreshToken, account)).body.active, true)
  its.clock.advance(1)
  isInactive(t, await its.introspect(refreshToken, account))
})
