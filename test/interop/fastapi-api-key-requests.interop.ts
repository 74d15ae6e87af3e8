/** How an API key is brought to the package signet-verifier, where it takes keys, and what its documentation says of that. */
import { test } from 'tap'
import { apiKey } from '../support/exchanging-issuer.ts'
import { exchange } from '../support/raw-http.ts'
import { api } from '../support/serve.ts'
import { takesKeys, withExchanges } from './fastapi-api-keys.ts'
import { startFastApi } from './fastapi-service.ts'

const metadata = `resource_metadata="${api}/.well-known/oauth-protected-resource"`

test('FastAPI: a key that comes twice, or beside other credentials, is 400, byte for byte', async t => {
  const { calls, issuer, resource } = await withExchanges(t)
  const key = `X-API-Key: ${apiKey()}`
  const bearer = `Authorization: Bearer ${issuer.token()}`
  const twice = 'The X-API-Key header is sent more than once.'
  const beside = 'The X-API-Key header is sent beside other credentials.'
  const ask = (target: string, lines: readonly string[], form = '') =>
    exchange(
      resource.url,
      [
        `POST ${target} HTTP/1.1`,
        'Host: resource.test',
        'Connection: close',
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${form.length}`,
        ...lines,
        '',
        form,
      ].join('\r\n'),
    )
  const cases: readonly (readonly [description: string, lines: readonly string[], query?: string, form?: string])[] = [
    [twice, [key, key]],
    [twice, [key, 'X-API-Key:']],
    [twice, [`${key}, ${apiKey()}`]],
    [twice, [key, key, bearer]],
    [beside, [key, bearer]],
    [beside, ['X-API-Key: x', 'Authorization: Basic YTpi']],
    [beside, [key], '', 'access_token=x'],
    ['An access token belongs in the Authorization header, not in the query.', [key], '?access_token=x'],
  ]
  for (const [description, lines, query = '', form] of cases) {
    const { status, headers, text } = await ask(`/posts${query}`, lines, form)
    const challenge = `Bearer realm="${api}", error="invalid_request", error_description="${description}", ${metadata}`
    t.strictSame([status, headers['www-authenticate']], [400, challenge], lines.join())
    t.equal(
      text,
      `{"error":"invalid_request","error_description":"${description}","status":400,"path":"/posts"}`,
      lines.join(),
    )
  }
  t.equal(calls.length, 0)
  t.match(await resource.as(issuer.token(), '/me', { headers: { 'x-api-key': '' } }), { status: 200 })
})

test('FastAPI: a client for API keys that makes no sense is refused at the start', async t => {
  const { issuer } = await withExchanges(t)
  for (const [environment, says] of [
    [{ API_KEY_CLIENT_ID: '' }, /non-empty strings of printable ASCII/],
    [{ ...takesKeys, API_KEY_CLIENT_SECRET: '' }, /non-empty strings of printable ASCII/],
    [{ API_KEY_CLIENT_SECRET: 'a secret' }, /API_KEY_CLIENT_SECRET needs API_KEY_CLIENT_ID/],
  ] as const)
    await t.rejects(startFastApi(t, { issuer: issuer.issuer, environment }), { message: says })
})

test('FastAPI: without a client for API keys X-API-Key is not looked at, and it is shown nowhere', async t => {
  const { issuer, calls, resource, reply, grant } = await withExchanges(t, { environment: {} })
  reply(apiKey(), () => grant())
  t.match((await resource.withKey(apiKey())).body, {
    error: 'missing_token',
    error_description: 'This needs an access token in the Authorization header.',
  })
  t.equal((await resource.as(issuer.token(), '/me', { headers: { 'x-api-key': apiKey() } })).status, 200)
  t.equal(calls.length, 0)
  t.notMatch((await resource.get('/openapi.json')).text, /api.key/i)
})

test('FastAPI: with one, whoever comes without credentials is told of it, and the documentation shows it beside the token', async t => {
  const { resource } = await withExchanges(t)
  const { body, headers } = await resource.get('/me')
  t.equal(body.error_description, 'This needs an access token in the Authorization header, or an API key in X-API-Key.')
  t.equal(headers.get('www-authenticate'), `Bearer realm="${api}", ${metadata}`)
  for (const time of ['first', 'second']) {
    const { paths, components } = (await resource.get('/openapi.json')).body
    t.strictSame(components.securitySchemes['API key'], { type: 'apiKey', in: 'header', name: 'X-API-Key' }, time)
    const either = [{ 'Access token': [] }, { 'API key': [] }]
    t.strictSame(
      [paths['/me'].get, paths['/posts'].post, paths['/admin/stats'].get, paths['/posts'].get].map(
        ({ security }) => security,
      ),
      [either, either, either, undefined],
      time,
    )
  }
})
