import { METHODS } from 'node:http'
import { test } from 'tap'
import { isError } from '../support/error-shape.ts'
import { exchange, open } from '../support/raw-http.ts'
import { addAlice, basic, byTest, password, secret, serve, signIn } from '../support/serve.ts'

const jwks = '/.well-known/jwks.json'
const host = 'Host: signet.test\r\n'
const form = 'Content-Type: application/x-www-form-urlencoded\r\n'
const authorization = `Authorization: ${basic(['web-app', secret])}\r\n`
/** Stands wherever a caller can put text; no error may repeat it. */
const marker = 'mArKeR'
/** A well-formed request of which only the grant type is wrong. */
const unknownGrant = 'client_id=spa&grant_type=unknown'
const understood = [400, 'unsupported_grant_type'] as const

const get = (path: string, headers = host, version = '1.1') => `GET ${path} HTTP/${version}\r\n${headers}\r\n`

const post = (headers: string, body: string | Buffer = '', target = '/oauth/token'): Buffer => {
  const head = `POST ${target} HTTP/1.1\r\n${host}${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), Buffer.from(body)])
}

const chunked = (body: string) =>
  `POST /oauth/token HTTP/1.1\r\n${host}${form}Transfer-Encoding: chunked\r\n\r\n` +
  `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`

const withLengths = (...lengths: string[]) =>
  `POST /oauth/token HTTP/1.1\r\n${host}${form}${lengths.map(length => `Content-Length: ${length}\r\n`).join('')}\r\nabc`

const bad = [400, 'invalid_request'] as const
const unsupported = [415, 'invalid_request'] as const
const tooLarge = [413, 'invalid_request'] as const
const headersTooLarge = [431, 'invalid_request'] as const
const notFound = [404, 'not_found'] as const

const refused: Readonly<Record<string, readonly [string | Buffer, readonly [number, string]]>> = {
  'a parameter sent twice': [post(form, `client_id=spa&scope=${marker}&scope=${marker}`), bad],
  'a parameter sent twice, once without a value': [post(form, `client_id=spa&scope=${marker}&scope=`), bad],
  'a parameter sent twice under two spellings': [post(form, `client_id=spa&scope=${marker}&sc%6Fpe=a`), bad],
  'two Host lines': [post(`${form}Host: ${marker}\r\n`), bad],
  'two Content-Type lines': [post(`${form}content-type: text/plain; x=${marker}\r\n`), bad],
  'two Authorization lines': [post(form + authorization + authorization), bad],
  'two Origin lines': [post(`${form}Origin: http://${marker}\r\nOrigin: null\r\n`), bad],
  'two Content-Length lines that agree': [withLengths('3', '3'), bad],
  'two Content-Length lines that differ': [withLengths('3', '2'), bad],
  'a Content-Length that is no length': [withLengths('-1'), bad],
  'a Content-Length beyond all numbers': [withLengths('9'.repeat(30)), bad],
  'both Content-Length and chunks': [chunked(unknownGrant).replace('\r\n\r\n', '\r\nContent-Length: 3\r\n\r\n'), bad],
  'a chunk that is none': [chunked('').replace('\r\n0\r\n', `\r\n${marker}\r\n`), bad],
  'no Host': [get(jwks, ''), bad],
  'another charset': [post(form.replace('\r', `; charset=windows-1252\r`), marker), unsupported],
  'a charset in quotes with blanks around': [post(form.replace('\r', ' ; charset = "utf-16"\r'), marker), unsupported],
  'a compressed body': [post(`${form}Content-Encoding: gzip\r\n`, marker), unsupported],
  'JSON where a form belongs': [
    post('Content-Type: application/json\r\n', JSON.stringify({ scope: marker })),
    unsupported,
  ],
  'multipart where a form belongs': [post('Content-Type: multipart/form-data; boundary=x\r\n', marker), unsupported],
  'text where a form belongs': [post('Content-Type: text/plain\r\n', marker), unsupported],
  'a media type that begins like a form': [post(form.replace('\r', 'x\r'), marker), unsupported],
  'a body without a media type': [post('', marker), unsupported],
  'a body with an empty media type': [post('Content-Type:\r\n', marker), unsupported],
  'a broken percent-encoding of a value': [post(form, `client_id=spa&scope=${marker}%zz`), bad],
  'a NUL in a value, which PostgreSQL would refuse to compare': [post(form, `client_id=%00${marker}`), bad],
  'a broken percent-encoding of a name': [post(form, `client_id=spa&${marker}%=1`), bad],
  'percent-encoded bytes that are not UTF-8': [post(form, `client_id=spa&scope=${marker}%ff`), bad],
  'half a surrogate pair, percent-encoded': [post(form, `client_id=spa&scope=${marker}%ED%A0%80`), bad],
  'raw bytes that are not UTF-8': [post(form, Buffer.from(`client_id=spa&scope=${marker}\xff`, 'latin1')), bad],
  'credentials in the query': [post(form, '', `/oauth/token?client_id=web-app&client_secret=${secret}&${marker}`), bad],
  'credentials in the query beside a good body': [post(form, unknownGrant, `/oauth/token?password=${marker}`), bad],
  'a body over 16 KiB': [post(form, `${marker}=`.padEnd(16385, 'a')), tooLarge],
  'a body over 16 KiB in chunks': [chunked(`${marker}=`.padEnd(16385, 'a')), tooLarge],
  'a body that is only announced to be huge': [withLengths('99999999'), tooLarge],
  'a huge body that waits to be asked for': [
    withLengths('99999999').replace('\r\n', '\r\nExpect: 100-continue\r\n'),
    tooLarge,
  ],
  'one header over 16 KiB': [get('/', `${host}X-${marker}: ${'a'.repeat(17000)}\r\n`), headersTooLarge],
  'many headers over 16 KiB': [get('/', host + `X: ${marker}\r\n`.repeat(2000)), headersTooLarge],
  'a path over 16 KiB': [get(`/${marker.repeat(3000)}`), headersTooLarge],
  'a path that is not there': [get(`/${marker}`), notFound],
  'a path that is not there, with a body nobody can read': [post(form, `%zz${marker}`, `/${marker}`), notFound],
  'a path in another case': [get(jwks.toUpperCase()), notFound],
  'a path with a slash too much': [get(`${jwks}/`), notFound],
  'a path of which a slash is encoded': [post(form, '', '/oauth%2Ftoken'), notFound],
  'a path that climbs': [get('/.well-known/%2e%2e/%2e%2e/etc/passwd'), notFound],
  'a path that looks like a host': [get(`//${marker}${jwks}`), notFound],
  'the asterisk for a path': [get('*'), notFound],
  'a broken percent-encoding of the path': [get(`/${marker}/%zz`), bad],
  'a path that is not UTF-8': [get(`/${marker}/%ff`), bad],
  'a path with raw bytes': [Buffer.from(get(`/${marker}ü`)), bad],
  'a target without a slash': [get(marker), bad],
  'another website as the target': [get(`http://${marker}.example/`), notFound],
  'a method that does not exist': [`FOO /oauth/token HTTP/1.1\r\n${host}\r\n`, bad],
  'a method in lower case': [get('/oauth/token').toLowerCase(), bad],
  'a request line of two words': [`${marker} there\r\n\r\n`, bad],
  'a header without a colon': [get('/', `${host}${marker}\r\n`), bad],
  'a header folded over two lines': [get('/', `${host}X: a\r\n ${marker}\r\n`), bad],
  'a NUL in a header': [get('/', `${host}X: ${marker}\0\r\n`), bad],
  'lines that end without a carriage return': [get('/').replaceAll('\r', ''), bad],
  'HTTP/2 without negotiation': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', bad],
  'HTTP/3.0': [get('/', host, '3.0'), bad],
  'TLS on the plain port': [Buffer.from('16030100a5010000a10303', 'hex'), bad],
  'an unknown path over HTTP/1.0': [get(`/${marker}`, '', '1.0'), notFound],
  'an unknown path with an expectation': [get(`/${marker}`, `${host}Expect: ${marker}\r\n`), notFound],
  'an unknown path with an upgrade': [get('/x', `${host}Connection: Upgrade\r\nUpgrade: ${marker}\r\n`), notFound],
}

test('what a request must not be is refused in one shape', async t => {
  const service = await serve(t)
  await addAlice(service)
  for (const [what, [bytes, expected]] of Object.entries(refused)) {
    t.test(what, async t => {
      const answer = await exchange(service.issuer, bytes)
      isError(t, answer, expected)
      t.notMatch(answer.text.toLowerCase(), marker.toLowerCase(), 'it does not come back')
      t.equal((await service.get(jwks)).status, 200, 'the service goes on')
    })
  }
  t.test('after all of that, people still sign in', async t => t.equal((await signIn(service)).status, 200))
})

test('what a request may be is understood', async t => {
  const service = await serve(t)
  await addAlice(service)
  const accepted: Readonly<Record<string, string | Buffer>> = {
    'UTF-8 named in quotes and capitals': post(form.replace('\r', '; Charset="UTF-8"\r'), unknownGrant),
    'the media type in capitals': post(form.toUpperCase(), unknownGrant),
    'an encoding that changes nothing': post(`${form}Content-Encoding: identity\r\n`, unknownGrant),
    chunks: chunked(unknownGrant),
    'a body of exactly 16 KiB': post(form, `${unknownGrant}&x=`.padEnd(16384, 'x')),
    'a parameter nobody knows': post(form, `${unknownGrant}&__proto__=1&constructor=1`),
    'a parameter without a value': post(form, `${unknownGrant}&scope=&resource&client_secret=`),
    'Expect: 100-continue': post(`${form}Expect: 100-continue\r\n`, unknownGrant),
    'an expectation nobody knows': post(`${form}Expect: something\r\n`, unknownGrant),
    'an upgrade that is not taken': post(`${form}Connection: Upgrade\r\nUpgrade: h2c\r\n`, unknownGrant),
  }
  for (const [what, bytes] of Object.entries(accepted)) {
    t.test(what, async t => isError(t, await exchange(service.issuer, bytes), understood))
  }

  t.test('a name and a password in raw UTF-8', async t => {
    await service.users.add({ username: 'zoë', password: `${password} žluťoučký`, roles: [] }, byTest)
    const body = `grant_type=password&username=zoë&password=${password.replaceAll(' ', '+')}+žluťoučký`
    t.equal((await exchange(service.issuer, post(form + authorization, body))).status, 200)
  })

  t.test('a document over HTTP/1.0 without Host', async t =>
    t.equal((await exchange(service.issuer, get(jwks, '', '1.0'))).status, 200),
  )

  t.test('a target in absolute form is its path, whatever host it names', async t => {
    const { text } = await exchange(service.issuer, get(`http://evil.example${jwks}`))
    t.equal(text, (await service.get(jwks)).text)
  })

  t.test('HEAD answers the headers of GET alone', async t => {
    const head = await exchange(service.issuer, get(jwks).replace('GET', 'HEAD'))
    const { headers, text } = await exchange(service.issuer, get(jwks))
    t.equal(head.status, 200)
    t.equal(head.text, '')
    for (const name of ['etag', 'cache-control', 'content-type', 'content-length'])
      t.equal(head.headers[name], headers[name])
    t.equal(Number(head.headers['content-length']), Buffer.byteLength(text))
  })

  t.test('a connection stays open after an error in what was asked', async t => {
    const connection = await open(service.issuer)
    t.teardown(connection.drop)
    connection.send(get('/first') + post(form, unknownGrant) + get('/last'))
    const statuses = () => connection.received().match(/HTTP\/1\.1 \d+/g) ?? []
    while (statuses().length < 3) await connection.more()
    t.same(statuses(), ['HTTP/1.1 404', 'HTTP/1.1 400', 'HTTP/1.1 404'])
  })
})

test('a path answers the methods it does not take with 405 and those it takes', async t => {
  const service = await serve(t)
  const takes: Readonly<Record<string, string>> = {
    [`${service.issuer}/oauth/token`]: 'POST',
    [`${service.issuer}${jwks}`]: 'GET, HEAD',
    [`${service.issuer}/.well-known/openid-configuration`]: 'GET, HEAD',
    [`${service.issuer}/.well-known/oauth-authorization-server`]: 'GET, HEAD',
    [`${service.management}/livez`]: 'GET, HEAD',
    [`${service.management}/readyz`]: 'GET, HEAD',
    [`${service.management}/docs`]: 'GET, HEAD',
  }
  for (const [url, allow] of Object.entries(takes)) {
    t.test(new URL(url).pathname, async t => {
      for (const method of METHODS.filter(method => method !== 'CONNECT' && !allow.split(', ').includes(method))) {
        const bytes = `${method} ${new URL(url).pathname} HTTP/1.1\r\n${host}${form}Content-Length: 3\r\n\r\n%zz`
        const answer = await exchange(url, bytes)
        isError(t, answer, [405, 'method_not_allowed'], method)
        t.equal(answer.headers['allow'], allow, method)
      }
    })
  }

  t.test('CONNECT finds no proxy', async t => {
    const answer = await exchange(service.issuer, `CONNECT ${marker}.example:443 HTTP/1.1\r\n${host}\r\n`)
    isError(t, answer, [405, 'method_not_allowed'])
    t.equal(answer.headers['allow'], '')
  })

  t.test('a path that is not there is not there for any method', async t => {
    for (const method of METHODS.filter(method => method !== 'CONNECT'))
      isError(t, await exchange(service.issuer, `${method} /x HTTP/1.1\r\n${host}\r\n`), notFound, method)
  })
})

test('the issuer comes from configuration, whatever Host and proxies say', async t => {
  const service = await serve(t, { environment: { SIGNET_TRUST_PROXY: '127.0.0.0/8' } })
  const headers = 'Host: evil.example\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\n'
  for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']) {
    const { text } = await exchange(service.issuer, get(path, headers))
    t.equal(JSON.parse(text).issuer, service.issuer)
    t.notMatch(text, 'evil')
  }
})
