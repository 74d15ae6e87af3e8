import t, { type Test } from 'tap'
import { addClient } from '../support/clients.ts'
import {
  type Answer,
  addAlice,
  api,
  password,
  type RequestOptions,
  refresh,
  secret,
  serve,
  signIn,
} from '../support/serve.ts'
import { everythingIn } from '../support/sqlite.ts'

const service = await serve(t)
await addAlice(service)
await addClient(service, { clientId: 'without-grants', grants: [] })

const web = { client: ['web-app', secret] } as const
const alice = { grant_type: 'password', username: 'alice', password }
const encode = (form: Readonly<Record<string, string>>) => new URLSearchParams(form).toString()

const descriptions = {
  noGrantType: 'The parameter grant_type is missing.',
  noUsername: 'The parameter username is missing.',
  noPassword: 'The parameter password is missing.',
  neither: 'The parameters username and password are missing.',
  noRefreshToken: 'The parameter refresh_token is missing.',
  noClient: 'No client is named: the parameter client_id is missing, and there is no Basic header.',
  resourceIsName: 'A resource is an absolute URI. An audience that is a name needs no resource.',
  doubled: 'A parameter is included more than once.',
  brokenEncoding: 'The body has a broken percent-encoding, is not UTF-8, or has a NUL.',
  twoMethods: 'Only one client authentication method may be used in a request.',
  otherClientId: 'client_id is not the client that authenticates.',
  client: 'The client is unknown, or its authentication is missing or wrong.',
  password: 'The username or the password is wrong.',
  refreshToken: 'The refresh token is unknown, expired, revoked or was already used.',
  unauthorized: 'This client may not use this grant type.',
  unsupported: 'This grant type is not supported.',
  malformedScope: 'The scope is malformed.',
  noScopeLeft: 'None of the scopes that were asked for can be granted.',
  resource: 'The resource is not one that this client may use.',
  doubledResource: 'Only one resource may be asked for in a request.',
}

type Expected = readonly [error: string, description: string]

const invalidRequest = (description: string): Expected => ['invalid_request', description]
const invalidClient: Expected = ['invalid_client', descriptions.client]

/** The whole answer of RFC 6749 §5.2, byte for byte. */
function sameError(t: Test, answer: Answer, [error, description]: Expected) {
  t.equal(answer.text, `{"error":"${error}","error_description":"${description}"}`)
  t.equal(answer.status, error === 'invalid_client' ? 401 : 400)
  t.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8')
  t.equal(answer.headers.get('cache-control'), 'no-store')
  t.equal(answer.headers.get('pragma'), 'no-cache')
  const challenge = error === 'invalid_client' ? 'Basic realm="signet", charset="UTF-8"' : null
  t.equal(answer.headers.get('www-authenticate'), challenge)
}

t.test('each error of RFC 6749 §5.2 has its code, body and headers', async t => {
  const cases: readonly [name: string, expected: Expected, form: RequestOptions['form'], more: RequestOptions][] = [
    ['no grant_type', invalidRequest(descriptions.noGrantType), { username: 'alice', password }, web],
    ['no username', invalidRequest(descriptions.noUsername), { grant_type: 'password', password }, web],
    ['no password', invalidRequest(descriptions.noPassword), { grant_type: 'password', username: 'alice' }, web],
    ['neither of them', invalidRequest(descriptions.neither), { grant_type: 'password', 'User-Name': 'a' }, web],
    ['no refresh_token', invalidRequest(descriptions.noRefreshToken), { grant_type: 'refresh_token' }, web],
    ['a doubled parameter', invalidRequest(descriptions.doubled), `${encode(alice)}&username=alice`, web],
    ['a broken percent-encoding', invalidRequest(descriptions.brokenEncoding), `${encode(alice)}&scope=%zz`, web],
    ['not UTF-8', invalidRequest(descriptions.brokenEncoding), `${encode(alice)}&scope=%ff`, web],
    ['two authentications', invalidRequest(descriptions.twoMethods), { ...alice, client_secret: secret }, web],
    ['another client_id', invalidRequest(descriptions.otherClientId), { ...alice, client_id: 'spa' }, web],
    ['no client', ['invalid_client', descriptions.noClient], alice, {}],
    ['a secret of nobody', ['invalid_client', descriptions.noClient], { ...alice, client_secret: secret }, {}],
    ['a wrong client secret', invalidClient, alice, { client: ['web-app', 'wrong'] }],
    ['a wrong password', ['invalid_grant', descriptions.password], { ...alice, password: 'wrong' }, web],
    [
      'an unknown refresh token',
      ['invalid_grant', descriptions.refreshToken],
      { grant_type: 'refresh_token', refresh_token: 'x' },
      web,
    ],
    [
      'a grant that the client may not use',
      ['unauthorized_client', descriptions.unauthorized],
      alice,
      { client: ['without-grants', secret] },
    ],
    [
      'a grant that is not there',
      ['unsupported_grant_type', descriptions.unsupported],
      { grant_type: 'authorization_code' },
      web,
    ],
    ['a grant in capitals', ['unsupported_grant_type', descriptions.unsupported], { grant_type: 'PASSWORD' }, web],
    ['a malformed scope', ['invalid_scope', descriptions.malformedScope], { ...alice, scope: 'a"b' }, web],
    ['a scope of which nothing is left', ['invalid_scope', descriptions.noScopeLeft], { ...alice, scope: 'x' }, web],
    ['a resource that is a name', ['invalid_target', descriptions.resourceIsName], { ...alice, resource: 'x' }, web],
    ['an unknown resource', ['invalid_target', descriptions.resource], { ...alice, resource: 'https://x.test' }, web],
    [
      'two resources',
      ['invalid_target', descriptions.doubledResource],
      `${encode({ ...alice, resource: api })}&resource=${encodeURIComponent(api)}`,
      web,
    ],
    ['an empty body', ['invalid_client', descriptions.noClient], '', {}],
  ]
  for (const [name, expected, form, more] of cases) {
    await t.test(name, async t => sameError(t, await service.token(form, more), expected))
  }
})

t.test('of several faults the one that is checked first is answered', async t => {
  const wrong = { ...alice, password: 'wrong' }
  const cases: readonly [name: string, expected: Expected, form: RequestOptions['form'], more: RequestOptions][] = [
    ['the form before the client', invalidRequest(descriptions.doubled), 'grant_type=x&grant_type=y', {}],
    [
      'the number of methods before the secret',
      invalidRequest(descriptions.twoMethods),
      { client_secret: 'wrong' },
      { client: ['web-app', 'wrong'] },
    ],
    ['the client before the grant type', invalidClient, {}, { client: ['web-app', 'wrong'] }],
    [
      'whether the grant exists before whether it is allowed',
      ['unsupported_grant_type', descriptions.unsupported],
      { grant_type: 'x' },
      { client: ['without-grants', secret] },
    ],
    [
      'whether the grant is allowed before its parameters',
      ['unauthorized_client', descriptions.unauthorized],
      { grant_type: 'password' },
      { client: ['without-grants', secret] },
    ],
    [
      'the form of the scope before missing parameters',
      ['invalid_scope', descriptions.malformedScope],
      { grant_type: 'password', scope: '"' },
      web,
    ],
    [
      'the form of the scope before the resource',
      ['invalid_scope', descriptions.malformedScope],
      { ...wrong, scope: '"', resource: 'x' },
      web,
    ],
    [
      'the resource before the password',
      ['invalid_target', descriptions.resource],
      { ...wrong, scope: 'posts:read', resource: 'https://x.test' },
      web,
    ],
    [
      'the password before what the user may have',
      ['invalid_grant', descriptions.password],
      { ...wrong, scope: 'posts:read' },
      web,
    ],
    [
      'the refresh token before its resource',
      ['invalid_grant', descriptions.refreshToken],
      { grant_type: 'refresh_token', refresh_token: 'x', resource: 'https://x.test' },
      web,
    ],
  ]
  for (const [name, expected, form, more] of cases) {
    await t.test(name, async t => sameError(t, await service.token(form, more), expected))
  }
})

t.test('a success has the members and headers of RFC 6749 §5.1 and no others', async t => {
  const { status, headers, body } = await signIn(service)
  t.equal(status, 200)
  t.match(body, {
    access_token: /^[\w-]+\.[\w-]+\.[\w-]+$/,
    token_type: 'Bearer',
    expires_in: 600,
    scope: 'posts:read posts:write',
    refresh_token: /^signet_rt_/,
  })
  t.same(Object.keys(body).sort(), ['access_token', 'expires_in', 'refresh_token', 'scope', 'token_type'])
  t.equal(headers.get('content-type'), 'application/json; charset=utf-8')
  t.equal(headers.get('cache-control'), 'no-store')
  t.equal(headers.get('pragma'), 'no-cache')
  t.equal(headers.get('www-authenticate'), null)
})

t.test('a parameter without a value counts as absent', async t => {
  const empty = { scope: '', resource: '', client_id: '', client_secret: '' }
  t.equal((await signIn(service, empty)).status, 200)
  sameError(t, await service.token({ ...alice, grant_type: '' }, web), invalidRequest(descriptions.noGrantType))
  sameError(t, await service.token({ ...alice, username: '' }, web), invalidRequest(descriptions.noUsername))
  sameError(t, await service.token('grant_type=password&username=alice&password', web), [
    'invalid_request',
    descriptions.noPassword,
  ])
})

t.test('a parameter that has no value in one place and one in another is doubled', async t => {
  const answer = await service.token(`${encode(alice)}&scope=&scope=posts%3Aread`, web)
  sameError(t, answer, invalidRequest(descriptions.doubled))
})

t.test('unknown parameters are ignored, whatever they are called, but not doubled ones', async t => {
  const strange = { audience: 'x', __proto__x: 'y', constructor: 'z', ['__proto__']: 'w', ünknown: '1' }
  t.equal((await signIn(service, strange)).status, 200)
  sameError(t, await service.token(`${encode(alice)}&x=1&x=1`, web), invalidRequest(descriptions.doubled))
})

t.test('a request with a fault consumes and writes nothing', async t => {
  const { refresh_token } = (await signIn(service)).body
  const before = everythingIn(service.databaseFile)
  for (const fault of [{ scope: '"' }, { scope: 'x' }, { resource: 'https://x.test' }, { client_id: 'spa' }]) {
    t.equal((await refresh(service, refresh_token, fault)).status, 400)
  }
  t.same(everythingIn(service.databaseFile), before)
  t.equal((await refresh(service, refresh_token)).status, 200)
})
