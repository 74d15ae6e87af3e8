/** A query at the endpoints at which clients authenticate (RFC 6749 §3.2): what gateways put there is let pass, what belongs in the body is not. */
import { test } from 'tap'
import { isError } from '../support/error-shape.ts'
import { exchange } from '../support/raw-http.ts'
import { scene } from '../support/scene.ts'
import { addAlice, password, secret, serve, signIn } from '../support/serve.ts'

const paths = ['/oauth/token', '/oauth/revoke', '/oauth/introspect']

const post = (target: string, body = '', headers = '') =>
  `POST ${target} HTTP/1.1\r\nHost: x\r\n${headers}Content-Type: application/x-www-form-urlencoded\r\n` +
  `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

const harmless = [
  ...[
    '',
    '&',
    '=',
    'api-version=1',
    'api-version=2020-01-01&x',
    'tenant=acme',
    '_=1700000000',
    'v[]=1',
    'x=%zz',
    'x=100%',
    'p=B2C_1_x',
  ],
  ...[
    'trace.id=1',
    '__proto__=1',
    'flow=password',
    'x=scope',
    'bypass=1',
    'at=10:20',
    'from=https://x/y',
    'x={"a":1}',
    '%F0%9F%94%91=1',
    '?',
  ],
]
const names = [
  ...[
    'client_id',
    'client_secret',
    'grant_type',
    'username',
    'password',
    'refresh_token',
    'scope',
    'resource',
    'audience',
  ],
  ...['subject_token', 'subject_token_type', 'requested_token_type', 'actor_token', 'actor_token_type', 'token'],
  ...[
    'token_type_hint',
    'client_assertion',
    'client_assertion_type',
    'assertion',
    'access_token',
    'code',
    'redirect_uri',
  ],
  ...['code_verifier', 'api_key', 'id_token', 'new_password', 'current_password', 'authorization'],
  ...['pass', 'passphrase', 'passcode', 'pw', 'pin', 'otp'],
]
const everyByte = (text: string) => Buffer.from(text).toString('hex').replace(/../g, '%$&')
const spellings: Readonly<Record<string, (name: string) => string>> = {
  'as it is': name => `${name}=x`,
  'without a value': name => name,
  'with an empty value': name => `${name}=`,
  'behind others': name => `api-version=1&${name}=x`,
  'behind a semicolon': name => `api-version=1;${name}=x`,
  'behind a second question mark': name => `x?${name}=x`,
  'in capitals': name => `${name.toUpperCase()}=x`,
  'in camel case': name => `${name.replace(/_(.)/g, (_, letter) => letter.toUpperCase())}=x`,
  'with hyphens': name => `${name.replaceAll('_', '-')}=x`,
  'with + for _': name => `${name.replaceAll('_', '+')}=x`,
  'with a + before and behind': name => `+${name}+=x`,
  'with a blank, encoded': name => `%20${name}=x`,
  'with brackets': name => `${name}[]=x`,
  'with brackets, encoded': name => `${name}%5B0%5D=x`,
  'in brackets': name => `form[${name}]=x`,
  'behind a dot': name => `form.${name}=x`,
  'percent-encoded': name => `${everyByte(name)}=x`,
  'percent-encoded in lower case, with a stray % before': name => `x=%&${everyByte(name).toLowerCase()}=x`,
  'percent-encoded twice': name => `${everyByte(name).replaceAll('%', '%25')}=x`,
  'percent-encoded many times': name => `${everyByte(name).replaceAll('%', `%${'25'.repeat(20)}`)}=x`,
  'in JSON': name => `x={"a":1,"${name}":"x"}`,
  'in JSON, encoded': name => encodeURIComponent(JSON.stringify({ [name]: 'x' })),
  'with a colon': name => `x=1;${name}:x`,
  'behind an encoded &': name => `x=1%26${name}=x`,
  'with a NUL in it': name => `${name[0]}%00${name.slice(1)}=x`,
}

test('a query that has nothing of the protocol in it changes nothing', async t => {
  const service = await serve(t)
  await addAlice(service)
  const body = new URLSearchParams({ grant_type: 'password', client_id: 'spa', username: 'alice', password }).toString()
  for (const query of harmless) {
    t.equal((await exchange(service.issuer, post(`/oauth/token?${query}`, body))).status, 200, query)
    t.equal(
      (await exchange(service.issuer, post(`/oauth/revoke?${query}`, 'client_id=spa&token=x'))).status,
      200,
      query,
    )
    const introspection = await exchange(service.issuer, post(`/oauth/introspect?${query}`, 'client_id=spa&token=x'))
    isError(t, introspection, [401, 'invalid_client'])
  }
})

test('parameters and credentials in it are refused, however they are spelt, beside a good body and without one', async t => {
  const service = await serve(t)
  await addAlice(service)
  const body = new URLSearchParams({ grant_type: 'password', client_id: 'spa', username: 'alice', password }).toString()
  for (const [how, spelt] of Object.entries(spellings))
    t.test(how, async t => {
      for (const name of names)
        for (const [path, rest] of [
          ['/oauth/token', body],
          ...paths.map(path => [path, '']),
          ['/oauth/revoke', 'client_id=spa&token=x'],
        ]) {
          const answer = await exchange(service.issuer, post(`${path}?${spelt(name)}`, rest))
          if (answer.status !== 400 || !answer.text.includes('"invalid_request"'))
            t.fail(`${path}?${spelt(name)}: ${answer.text}`)
        }
      isError(t, await exchange(service.issuer, post(`/oauth/token?${spelt('client_secret')}`, body)), [
        400,
        'invalid_request',
      ])
    })
})

test('so is a token under any name', async t => {
  const service = await serve(t)
  await addAlice(service)
  const { refresh_token, access_token } = (await signIn(service)).body
  for (const token of [refresh_token, access_token, everyByte(refresh_token)])
    for (const query of [token, `x=${token}`, `x=1&y=${token}`]) {
      const answer = await exchange(service.issuer, post(`/oauth/revoke?${query}`, 'client_id=spa&token=x'))
      isError(t, answer, [400, 'invalid_request'])
      t.notMatch(answer.text, token)
    }
  t.notMatch(service.log(), refresh_token)
})

test('the forms of signed-in users take none at all', async t => {
  const its = await scene(t)
  const { issuer } = its.service
  const { access } = await its.device()
  for (const path of ['/me/password', '/me/api-keys'])
    for (const query of ['', 'api-version=1', `client_secret=${secret}`]) {
      const answer = await exchange(
        issuer,
        post(`${path}?${query}`, 'name=x&scope=x', `Authorization: Bearer ${access}\r\n`),
      )
      isError(t, answer, [400, 'invalid_request'])
      t.match(answer.text, 'in the query')
    }
})
