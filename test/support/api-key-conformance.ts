/** What a resource service that takes API keys answers to a request with one: the same with the middlewares of each framework. */
import { test } from 'tap'
import { exchanging } from './api-keys.ts'
import { apiKey, refusal } from './exchanging-issuer.ts'
import { type Call, invalid, type Refusal, refused, unavailable } from './middleware-cases.ts'
import { bearing, type Framework, seen } from './middleware-conformance.ts'
import { api } from './serve.ts'

const apiKeys = { clientId: 'posts-api' }

const badRequest = (description: string): Refusal =>
  refused(
    400,
    `realm="${api}", error="invalid_request", error_description="${description}"`,
    `{"error":"invalid_request","error_description":"${description}","status":400,"path":"/me"}`,
  )
const missing = (description: string): Refusal =>
  refused(
    401,
    `realm="${api}"`,
    `{"error":"missing_token","error_description":"${description}","status":401,"path":"/me"}`,
  )
const twice = badRequest('The X-API-Key header is sent more than once.')
const beside = badRequest('The X-API-Key header is sent beside other credentials.')
const missingKey = missing('This needs an access token in the Authorization header, or an API key in X-API-Key.')
const missingToken = missing('This needs an access token in the Authorization header.')

const withKey = (target: string, ...lines: readonly string[]): Call => ({ target, apiKey: lines })

export function apiKeyConformance({ name, start, readsForms }: Framework): void {
  test(`${name}: an API key is served as the access token that it is exchanged for`, async t => {
    const { verifier, reply, grant, calls } = await exchanging(t)
    const { ask, served } = await start(t, { verifier, apiKeys })
    reply(apiKey(), () => grant({ sub: 'user_7', scope: 'posts:read posts:write' }))
    for (const call of [
      ...['/me', '/any?page=2', '/posts', '/strict', '/strict-posts'].map(target => withKey(target, apiKey())),
      { ...withKey('/me', apiKey()), authorization: [''] },
      { ...withKey('/me?api_key=x', apiKey()), form: 'name=value' },
    ]) {
      const { status, text } = await ask(call)
      t.equal(status, 200, call.target)
      t.match(JSON.parse(text), { sub: 'user_7', api_key_id: 'key_1' })
    }
    t.equal(calls.length, 1)
    t.match(await ask(withKey('/admin', apiKey())), { status: 403, text: /The role admin is missing/ })
    reply(apiKey(2), () => grant({ scope: 'posts:read' }))
    t.match(await ask(withKey('/posts', apiKey(2))), { status: 403, text: /The permission posts:write is missing/ })
    t.equal(served(), 7)
  })

  test(`${name}: what is wrong with a key, or beside it, has its status, headers and body, byte for byte`, async t => {
    const { verifier, issuer, reply, grant, calls } = await exchanging(t)
    const { ask, served } = await start(t, { verifier, apiKeys })
    reply(apiKey(), () => grant())
    const bearer = { authorization: [`Bearer ${issuer.token()}`] }
    const cases: readonly (readonly [Call, Refusal])[] = [
      [withKey('/me', apiKey(2)), invalid('The API key is not valid.')],
      [withKey('/me', 'x'), invalid('The API key is malformed.')],
      [withKey('/me', `Bearer ${apiKey()}`), invalid('The API key is malformed.')],
      [withKey('/me', apiKey(), apiKey()), twice],
      [withKey('/me', apiKey(), ''), twice],
      [withKey('/me', '', apiKey()), twice],
      [withKey('/me', `${apiKey()}, ${apiKey()}`), twice],
      [withKey('/me', `${apiKey()},`), twice],
      [{ ...withKey('/me', apiKey(), apiKey()), ...bearer }, twice],
      [{ ...withKey('/me', apiKey()), ...bearer }, beside],
      [{ ...withKey('/me', 'x'), ...bearer }, beside],
      [{ ...withKey('/me', apiKey()), authorization: ['Basic YTpi'] }, beside],
      [
        withKey('/me?access_token=x', apiKey()),
        badRequest('An access token belongs in the Authorization header, not in the query.'),
      ],
      [withKey('/me', ''), missingKey],
      [{ target: '/me' }, missingKey],
      [{ target: `/me?x-api-key=${apiKey()}&api_key=${apiKey()}` }, missingKey],
      [bearing('/me', apiKey()), invalid('The token is malformed. It is not three parts of base64url.')],
      ...(readsForms ? [[{ ...withKey('/me', apiKey()), form: 'access_token=x' }, beside] as const] : []),
    ]
    for (const [call, expected] of cases) t.same(seen(await ask(call)), expected, JSON.stringify(call).slice(0, 60))
    t.equal(served(), 0)
    t.equal(calls.length, 1, 'only the key of the right form was exchanged')
    t.equal((await ask({ ...withKey('/me', ''), ...bearer })).status, 200, 'an empty header counts as absent')
  })

  test(`${name}: while keys can't be exchanged it is 503, with the time of the token service`, async t => {
    const { verifier, reply, issuer } = await exchanging(t)
    const { ask, served } = await start(t, { verifier, apiKeys })
    reply(apiKey(), { ...refusal('temporarily_unavailable', 503), headers: { 'retry-after': '7' } })
    for (const number of [1, 1, 2])
      t.same(
        seen(await ask(withKey('/me', apiKey(number)))),
        unavailable('The API key cannot be verified at the moment.', '/me', '7'),
      )
    t.equal(served(), 0)
    t.equal((await ask(bearing('/me', issuer.token()))).status, 200, 'tokens go on')
  })

  test(`${name}: without the option X-API-Key is not looked at`, async t => {
    const { verifier, issuer, calls, reply, grant } = await exchanging(t)
    const { ask } = await start(t, { verifier })
    reply(apiKey(), () => grant())
    for (const lines of [[apiKey()], [apiKey(), apiKey()], ['x'], ['']]) {
      t.same(seen(await ask(withKey('/me', ...lines))), missingToken)
      t.equal((await ask({ ...withKey('/me', ...lines), ...bearing('/me', issuer.token()) })).status, 200)
    }
    t.strictSame(calls, [])
  })
}
