import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { type Test, test } from 'tap'
import { isError } from '../support/error-shape.ts'
import { exchange } from '../support/raw-http.ts'
import { type Scene, scene, type Tokens, tokensOf } from '../support/scene.ts'
import { type Answer, byTest, claimsOf, headerOf, secret } from '../support/serve.ts'
import { auditedBy, change, sessionsOf } from '../support/sqlite.ts'

const bare = 'Bearer realm="signet"'
const noToken = 'This needs an access token in the Authorization header.'
const badToken = 'The access token is malformed, expired, revoked or for another audience.'
const inQuery = 'An access token belongs in the Authorization header, not in the query.'

/** The whole of what is told to somebody without a token. */
function asksForToken(t: Test, answer: Answer): void {
  isError(t, answer, [401, 'missing_token'])
  t.equal(answer.body.error_description, noToken)
  t.equal(answer.headers.get('www-authenticate'), bare, 'a challenge without an error code')
}

/** Whatever is wrong with a token, the answer is this one. */
function refusesToken(t: Test, answer: Answer, title = 'refused'): void {
  isError(t, answer, [401, 'invalid_token'])
  t.equal(answer.body.error_description, badToken, title)
  const challenge = `${bare}, error="invalid_token", error_description="${badToken}"`
  t.equal(answer.headers.get('www-authenticate'), challenge, title)
}

const get = ({ service }: Scene, authorization: string, path = '/me') =>
  service.get(path, { headers: { authorization } })

const encode = (value: object | string) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

const everyRoute = [
  ['GET', '/me'],
  ['GET', '/me/sessions'],
  ['DELETE', '/me/sessions/session_0'],
  ['DELETE', '/me/sessions'],
  ['DELETE', '/me/sessions?all=true'],
  ['POST', '/me/password'],
  ['GET', '/me/api-keys'],
  ['POST', '/me/api-keys'],
  ['DELETE', '/me/api-keys/key_0'],
] as const

test('no route of /me does anything without a good token for the service itself', async t => {
  const account = await scene(t)
  const { service, as } = account
  await account.device()
  const stranger = await account.device({ clientId: 'web-app' })
  t.not(claimsOf(stranger.access).aud, service.issuer)
  const events = await auditedBy(service, async () => {
    for (const [method, path] of everyRoute) {
      asksForToken(t, await service.get(path, { method }))
      refusesToken(t, await as(stranger, method, path), `${method} ${path} for another audience`)
    }
  })
  t.same(events, [])
  t.match(sessionsOf(service.databaseFile), [{ ended_at_ms: null }, { ended_at_ms: null }])
})

test('a good token is served, however the scheme is written, and no answer may be stored', async t => {
  const account = await scene(t)
  const { access } = await account.device()
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'Bearer  ']) {
    const answer = await get(account, `${scheme} ${access}`)
    t.equal(answer.status, 200, scheme)
    t.equal(answer.headers.get('cache-control'), 'no-store')
    t.equal(answer.headers.get('www-authenticate'), null)
  }
})

test('another scheme is no token: a challenge without an error code', async t => {
  const account = await scene(t)
  const { access } = await account.device()
  const others = [
    `Basic ${encode(`account:${secret}`)}`,
    `DPoP ${access}`,
    `Bearer\t${access}`,
    `Bearerx ${access}`,
    access,
  ]
  for (const other of others) asksForToken(t, await get(account, other))
})

test('what is no access token of this service is refused in the same words', async t => {
  const account = await scene(t)
  const { access, refreshToken } = await account.device()
  const [header = '', payload = '', signature = ''] = access.split('.')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { keys } = (await account.service.get('/.well-known/jwks.json')).body
  const unsigned = (head: object, claims: object) => `${encode({ ...headerOf(access), ...head })}.${encode(claims)}`
  const claims = claimsOf(access)
  const foreign = unsigned({}, claims)
  const confused = unsigned({ alg: 'HS256' }, claims)
  const bob = await account.device({ username: 'bob' })
  const { uri } = claims.status.status_list
  const tokens = {
    nothing: '',
    'a word': 'garbage',
    'two words': `${access} ${access}`,
    'something behind it': `${access},`,
    'other letters': `${access}é`,
    'no signature': `${header}.${payload}.`,
    'two parts': `${header}.${payload}`,
    "another's claims": `${header}.${encode({ ...claims, sub: claimsOf(bob.access).sub })}.${signature}`,
    'a longer life': `${header}.${encode({ ...claims, exp: claims.exp + 60 })}.${signature}`,
    "another token's signature": `${header}.${payload}.${bob.access.split('.')[2]}`,
    'alg none': `${unsigned({ alg: 'none' }, claims)}.`,
    'the public key as a shared secret': `${confused}.${createHmac('sha256', JSON.stringify(keys[0])).update(confused).digest('base64url')}`,
    'the key of somebody else': `${foreign}.${sign('sha256', Buffer.from(foreign), privateKey).toString('base64url')}`,
    'a refresh token': refreshToken,
    'a status list, which the same key signs': (await account.service.get(new URL(uri).pathname)).text,
  }
  for (const [what, token] of Object.entries(tokens)) {
    const answer = await exchange(
      account.service.issuer,
      Buffer.from(`GET /me HTTP/1.1\r\nHost: signet.test\r\nAuthorization: Bearer ${token}\r\n\r\n`),
    )
    await t.test(what, async t => {
      isError(t, answer, [401, 'invalid_token'])
      const challenge = `${bare}, error="invalid_token", error_description="${badToken}"`
      t.equal(answer.headers['www-authenticate'], challenge)
    })
  }
  t.equal((await get(account, `Bearer ${access}`)).status, 200, 'the token itself is good')
})

test('a token ends at its exp: no tolerance for clocks where there is only one', async t => {
  const account = await scene(t)
  const { access } = await account.device()
  account.clock.advance(claimsOf(access).exp * 1000 - account.clock.now() - 1)
  t.equal((await get(account, `Bearer ${access}`)).status, 200, 'a millisecond before')
  account.clock.advance(1)
  refusesToken(t, await get(account, `Bearer ${access}`))
})

test('what is stored wins over what a token claims, from the moment on in which it is written', async t => {
  const account = await scene(t)
  const { service } = account
  const { users, clients } = service
  const refreshed = async ({ refreshToken }: Tokens) => tokensOf(await account.refresh(refreshToken))
  type End = readonly [act: (tokens: Tokens) => Promise<unknown>, undo?: () => Promise<unknown>]
  const ends: Readonly<Record<string, End>> = {
    'its session is revoked': [({ refreshToken }) => account.revoke(refreshToken)],
    'it is revoked itself': [({ access }) => account.revoke(access)],
    'a sibling of it is revoked': [async tokens => account.revoke((await refreshed(tokens)).access)],
    'the session signs out': [tokens => account.as(tokens, 'DELETE', '/me/sessions?all=true')],
    'the user is disabled': [
      () => users.setStatus('alice', 'disabled', byTest),
      () => users.setStatus('alice', 'active', byTest),
    ],
    'the client is disabled': [
      () => clients.setStatus('account', 'disabled', byTest),
      () => clients.setStatus('account', 'active', byTest),
    ],
  }
  for (const [name, [act, undo]] of Object.entries(ends)) {
    await t.test(name, async t => {
      const tokens = await account.device()
      const bearer = `Bearer ${tokens.access}`
      t.equal((await get(account, bearer)).status, 200, 'before')
      await act(tokens)
      refusesToken(t, await get(account, bearer))
      await undo?.()
      refusesToken(t, await get(account, bearer), 'nor afterwards')
    })
  }
})

test('a user or client that is not active is refused before the sessions have all ended', async t => {
  const account = await scene(t)
  const { databaseFile } = account.service
  const { access } = await account.device()
  for (const table of ['users', 'clients']) {
    for (const status of ['disabled', 'deleted']) {
      change(databaseFile, `update ${table} set status = ?`, status)
      refusesToken(t, await get(account, `Bearer ${access}`), `${table} ${status}`)
      change(databaseFile, `update ${table} set status = 'active'`)
    }
  }
  t.equal((await get(account, `Bearer ${access}`)).status, 200, 'the session was there all the time')
})

test('a token in the query is refused, also beside a good one in the header', async t => {
  const account = await scene(t)
  const { access } = await account.device()
  for (const path of [`/me?access_token=${access}`, '/me?access_token=', `/me/sessions?x=1&access_token=${access}`]) {
    for (const answer of [await account.service.get(path), await get(account, `Bearer ${access}`, path)]) {
      isError(t, answer, [400, 'invalid_request'])
      const challenge = `${bare}, error="invalid_request", error_description="${inQuery}"`
      t.equal(answer.headers.get('www-authenticate'), challenge)
      t.equal(answer.body.error_description, inQuery)
    }
  }
  t.notOk(account.service.log().includes(access), 'and does not get into the log')
})

test('a token in the body is not read', async t => {
  const { service, device } = await scene(t)
  const { access } = await device()
  asksForToken(t, await service.get('/me/password', { form: { access_token: access } }))
  asksForToken(t, await service.get('/me/sessions', { method: 'DELETE', form: { access_token: access } }))
})

test('two Authorization lines are refused, though both are good', async t => {
  const { service, device } = await scene(t)
  const line = `Authorization: Bearer ${(await device()).access}\r\n`
  const head = `GET /me HTTP/1.1\r\nHost: signet.test\r\n${line}`
  t.equal((await exchange(service.issuer, `${head}\r\n`)).status, 200)
  isError(t, await exchange(service.issuer, `${head}${line}\r\n`), [400, 'invalid_request'])
})
