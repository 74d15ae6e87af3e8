/** Forms are UTF-8. Some libraries name it in another way, or its subset: Apache's HttpClient 5 says ISO-8859-1 unless it is told otherwise. */
import { test } from 'tap'
import { isError } from '../support/error-shape.ts'
import { exchange } from '../support/raw-http.ts'
import { addAlice, byTest, password, serve } from '../support/serve.ts'

const post = (type: string, body: string | Buffer, path = '/oauth/token') =>
  Buffer.concat([
    Buffer.from(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded${type}\r\n`),
    Buffer.from(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`),
    Buffer.from(body),
  ])

const utf8 = ['utf-8', 'UTF-8', 'utf8', 'UTF8', '"utf8"', '"Utf-8"', '" utf-8 "', 'unicode-1-1-utf-8']
const narrower = [
  ...[
    'us-ascii',
    'US-ASCII',
    'ascii',
    'ANSI_X3.4-1968',
    'ISO-8859-1',
    'iso-8859-1',
    '"ISO-8859-1"',
    'iso8859-1',
    'latin1',
  ],
  ...['ISO_8859-1:1987', 'l1', 'cp819'],
]
const others = [
  ...[
    'utf-16',
    'utf-16le',
    'utf-7',
    'utf-32',
    'ucs-2',
    'windows-1252',
    'cp1252',
    'ISO-8859-15',
    'iso-8859-2',
    'shift_jis',
    'gbk',
  ],
  ...[
    'ebcdic-cp-us',
    'ibm037',
    'iso-2022-jp',
    'hex',
    'base64',
    'utf-8,',
    'utf--8',
    '',
    '""',
    "'utf-8'",
    'undefined',
    '__proto__',
  ],
  ...['utf-8; charset=utf-16', 'utf-16; charset=utf-8', 'utf-8; charset=iso-8859-1'],
]
const written = (charset: string) => [
  `; charset=${charset}`,
  `;Charset=${charset}; x=y`,
  ` ; x=y; CHARSET = ${charset}`,
]

const asciiForm = new URLSearchParams({
  grant_type: 'password',
  client_id: 'spa',
  username: 'alice',
  password,
}).toString()
const beyondAscii = new URLSearchParams({ grant_type: 'password', client_id: 'spa', username: 'zoë', password })

test('what is UTF-8, or ASCII under the name of a superset, is read', async t => {
  const service = await serve(t)
  await addAlice(service)
  await service.users.add({ username: 'zoë', password, roles: [] }, byTest)
  const status = async (type: string, body: string | Buffer) =>
    (await exchange(service.issuer, post(type, body))).status
  for (const type of [...utf8, ...narrower].flatMap(written)) t.equal(await status(type, asciiForm), 200, type)
  for (const type of utf8.flatMap(written)) t.equal(await status(type, beyondAscii.toString()), 200, `zoë ${type}`)
  t.equal(await status('; charset=utf-8; charset=utf8', asciiForm), 200, 'the same twice')
})

test('what is not, or may have been meant otherwise, is refused with 415, and nothing is compared', async t => {
  const service = await serve(t)
  await addAlice(service)
  const refuses = async (type: string, body: string | Buffer, what = type) => {
    const answer = await exchange(service.issuer, post(type, body))
    t.test(what, async t => isError(t, answer, [415, 'invalid_request']))
  }
  for (const type of others.flatMap(written)) await refuses(type, asciiForm)
  const ambiguous: Readonly<Record<string, string | Buffer>> = {
    'UTF-8, percent-encoded': 'x=%C3%AB',
    'UTF-8, as it stands': 'x=ë',
    'in a name': '%C3%AB=x',
    'in a password': `${asciiForm}%C3%AB`,
  }
  for (const charset of narrower)
    for (const [what, body] of Object.entries(ambiguous))
      await refuses(`; charset=${charset}`, body, `${charset}: ${what}`)
  t.equal(
    (await exchange(service.issuer, post('; charset=iso-8859-1', 'x=%EB'))).status,
    400,
    'Latin-1, percent-encoded',
  )
  const raw = Buffer.from('x=ë', 'latin1')
  t.equal((await exchange(service.issuer, post('; charset=iso-8859-1', raw))).status, 400, 'Latin-1, as it stands')
})

test('so it is at the other endpoints that take a form', async t => {
  const service = await serve(t)
  for (const path of ['/oauth/revoke', '/oauth/introspect', '/me/password', '/me/api-keys']) {
    const status = async (charset: string) =>
      (await exchange(service.issuer, post(`; charset=${charset}`, 'token=x', path))).status
    t.equal(await status('iso-8859-1'), 401, path)
    t.equal(await status('utf-16'), 415, path)
  }
})
