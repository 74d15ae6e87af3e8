/** What a header says of a body that is not there does not matter; a body that is no form is refused, whatever the route does with it. */
import { test } from 'tap'
import { isError } from '../support/error-shape.ts'
import { exchange } from '../support/raw-http.ts'
import { scene } from '../support/scene.ts'

const types = [
  ...[
    'application/json',
    'application/json; charset=utf-8',
    'text/plain',
    'multipart/form-data; boundary=x',
    'undefined',
  ],
  ...[
    'null',
    '',
    'json',
    ';',
    'a/b/c',
    '/',
    '*/*',
    'application/x-www-form-urlencoded',
    'Application/X-WWW-Form-Urlencoded',
  ],
  ...[
    'application/x-www-form-urlencoded; charset=utf-16',
    'application/x-www-form-urlencodedx',
    'application/x-www-form-urlencoded,x',
  ],
] as const
const isForm = (type: string) => /^application\/x-www-form-urlencoded$/i.test(type)

const none: Readonly<Record<string, string>> = {
  nothing: '\r\n',
  'a length of 0': 'Content-Length: 0\r\n\r\n',
  'a length of 00': 'Content-Length: 00\r\n\r\n',
  'chunks of which there is none': 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
}
const some: Readonly<Record<string, string>> = {
  'a length': 'Content-Length: 3\r\n\r\na=b',
  chunks: 'Transfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n',
  blanks: 'Content-Length: 1\r\n\r\n ',
}

test('without a body every route answers the same, whatever the header says of one', async t => {
  const its = await scene(t)
  const { issuer } = its.service
  const { access } = await its.device()
  const bearer = `Authorization: Bearer ${access}\r\n`
  const routes: Readonly<Record<string, readonly [head: string, expected: readonly [number, string] | number]>> = {
    'GET /me': [bearer, 200],
    'HEAD /me': [bearer, 200],
    'GET /me/sessions': [bearer, 200],
    'DELETE /me/sessions': [bearer, 204],
    'DELETE /me/sessions/session_0': [bearer, 404],
    'DELETE /me/api-keys/key_0': [bearer, 404],
    'GET /.well-known/jwks.json': ['', 200],
    'POST /oauth/token': ['', 401],
    'POST /oauth/revoke': ['', 401],
    'POST /oauth/introspect': ['', 401],
    'POST /me/password': [bearer, 400],
    'POST /me/api-keys': [bearer, 400],
  }
  for (const [route, [head, status]] of Object.entries(routes))
    t.test(route, async t => {
      for (const type of types)
        for (const [what, end] of Object.entries(none)) {
          const request = `${route} HTTP/1.1\r\nHost: x\r\n${head}Content-Type: ${type}\r\nContent-Encoding: gzip\r\n${end}`
          t.equal((await exchange(issuer, request)).status, status, `${what}, and ${type || 'an empty type'}`)
        }
    })
})

test('a body that is no form is 415 at every route that reads one, and nothing happens', async t => {
  const its = await scene(t)
  const { issuer } = its.service
  const [here, there] = [await its.device(), await its.device()]
  const bearer = `Authorization: Bearer ${here.access}\r\n`
  const routes = [
    'DELETE /me/sessions',
    `DELETE /me/sessions/${there.sid}`,
    'DELETE /me/api-keys/key_0',
    'POST /me/password',
    'POST /oauth/token',
  ]
  for (const route of routes)
    for (const type of types.filter(type => !isForm(type)))
      for (const [what, end] of Object.entries(some)) {
        const answer = await exchange(
          issuer,
          `${route} HTTP/1.1\r\nHost: x\r\n${bearer}Content-Type: ${type}\r\n${end}`,
        )
        t.test(`${route}: ${what}, and ${type || 'an empty type'}`, async t =>
          isError(t, answer, [415, 'invalid_request']),
        )
      }
  t.equal((await its.as(there, 'GET', '/me')).status, 200, 'nobody was signed out')
})
