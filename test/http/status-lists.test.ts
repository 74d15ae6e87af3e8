import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { test } from 'tap'
import { testClock } from '../support/clock.ts'
import { isError } from '../support/error-shape.ts'
import { inOneMinute } from '../support/reads.ts'
import { addAlice, freePort, type RequestOptions, type Service, serve, signIn } from '../support/serve.ts'
import { changeEach } from '../support/sqlite.ts'
import { fetchList, inflate, statusIn, statusListsOf } from '../support/status-list.ts'

const HOUR_MS = 3_600_000
const identity: RequestOptions = { headers: { 'accept-encoding': 'identity' } }
const gzip: RequestOptions = { headers: { 'accept-encoding': 'gzip' } }

const uriOf = async (service: Service) => statusIn((await signIn(service)).body.access_token).uri

/** What is verified needs the issuer's URL and nothing else. */
const keysOf = ({ issuer }: Service) => createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`))

test('a status list is a signed document that any JOSE library verifies, with every claim that verifiers rely on', async t => {
  const clock = testClock()
  const service = await serve(t, { clock })
  await addAlice(service)
  const { uri, idx } = statusIn((await signIn(service)).body.access_token)
  t.ok(uri.startsWith(`${service.issuer}/oauth/status-lists/`))
  t.ok(Number.isInteger(idx) && idx >= 0 && idx < 2 ** 14)

  const { headers, text } = await fetchList(uri)
  t.equal(headers.get('content-type'), 'application/statuslist+jwt')
  t.notOk(/\s/.test(text), 'the token and nothing around it')
  const { payload, protectedHeader } = await jwtVerify(text, keysOf(service), {
    typ: 'statuslist+jwt',
    algorithms: ['RS256'],
    subject: uri,
    currentDate: new Date(clock.now()),
  })
  const { kid } = decodeProtectedHeader((await signIn(service)).body.access_token)
  t.same(protectedHeader, { alg: 'RS256', typ: 'statuslist+jwt', kid }, 'signed with the key that signs access tokens')
  const { status_list, ...claims } = payload as Record<string, unknown> & { status_list: { lst: string } }
  const { iat, ...rest } = claims
  t.same(rest, { iss: service.issuer, sub: uri, exp: Number(iat) + 24 * 3600, ttl: 5 })
  t.same({ ...status_list, lst: undefined }, { bits: 1, lst: undefined })
  t.match(status_list.lst, /^[\w-]+$/)
  t.equal(inflate(status_list.lst).length, 2 ** 14 / 8)
})

test('whoever holds the document gets 304, and each coding of it has a strong ETag of its own', async t => {
  const service = await serve(t, { faults: { read: inOneMinute() } })
  await addAlice(service)
  const uri = await uriOf(service)
  const [plain, zipped] = [await fetchList(uri, identity), await fetchList(uri, gzip)]
  t.equal(plain.headers.get('content-encoding'), null)
  t.equal(zipped.headers.get('content-encoding'), 'gzip')
  t.equal(zipped.text, plain.text, 'the same document')
  const [plainTag, zippedTag] = [plain.headers.get('etag') ?? '', zipped.headers.get('etag') ?? '']
  for (const tag of [plainTag, zippedTag]) t.match(tag, /^"[\x21\x23-\x7e]+"$/)
  t.not(plainTag, zippedTag, 'they are other bytes')
  for (const { headers } of [plain, zipped]) {
    t.equal(headers.get('cache-control'), 'public, max-age=2, must-revalidate')
    t.equal(headers.get('vary'), 'Accept-Encoding')
  }

  const ask = (tag: string, { headers }: RequestOptions) =>
    service.get(new URL(uri).pathname, { headers: { ...headers, 'if-none-match': tag } })
  for (const [tag, coding] of [
    [plainTag, identity],
    [zippedTag, gzip],
    [`"other", W/${plainTag}`, identity],
    ['*', gzip],
  ] as const) {
    const { status, headers, text } = await ask(tag, coding)
    t.equal(status, 304, `${tag} ${coding.headers?.['accept-encoding']}`)
    t.equal(text, '')
    t.equal(headers.get('etag'), coding === gzip ? zippedTag : plainTag)
    t.equal(headers.get('cache-control'), 'public, max-age=2, must-revalidate')
    t.equal(headers.get('vary'), 'Accept-Encoding')
  }
  t.equal((await ask(plainTag, gzip)).status, 200, 'what is held is not what would be sent')
  t.equal((await ask(zippedTag, identity)).status, 200)
  t.equal((await ask('"other"', identity)).status, 200)
})

test('gzip is for those who name it: nobody else gets bytes that they cannot read', async t => {
  const service = await serve(t)
  await addAlice(service)
  const uri = await uriOf(service)
  for (const accepted of [
    'br, gzip',
    'gzip;q=0.5, identity;q=0',
    'GZIP',
    'deflate , gzip ; q=1.0',
    'gzip;q=1',
    'gzip;q=0.001',
    'GZIP;Q=0.5',
    '*;q=0, gzip',
  ])
    t.equal(
      (await fetchList(uri, { headers: { 'accept-encoding': accepted } })).headers.get('content-encoding'),
      'gzip',
      accepted,
    )
  for (const accepted of [
    'identity',
    'br',
    'gzip;q=0',
    'gzip;q=0.000',
    'GZIP;Q=0',
    'gzip;q=x',
    'gzip;q=',
    'gzip;q=-1',
    'xgzip',
    'gzipx',
    'x-gzip',
    '*',
    '',
  ])
    t.equal(
      (await fetchList(uri, { headers: { 'accept-encoding': accepted } })).headers.get('content-encoding'),
      null,
      accepted,
    )
})

// Reading such a header takes no time at all, or, with a backtracking pattern, minutes in which nobody is answered.
test('an Accept-Encoding of thousands of digits, spaces or commas is answered like any other', async t => {
  const service = await serve(t)
  await addAlice(service)
  const uri = await uriOf(service)
  const many = 12_000
  const coded: readonly (readonly [accepted: string, coding: string | null])[] = [
    [`gzip;q=0.${'1'.repeat(many)}x`, null],
    [`gzip;q=0.${'0'.repeat(many)}`, null],
    [`gzip;q=0.${'1'.repeat(many)}`, 'gzip'],
    [`gzip${' '.repeat(many)}x`, null],
    [`${','.repeat(many)}gzip`, 'gzip'],
    [`gzip${';'.repeat(many)}q=0`, null],
  ]
  for (const [accepted, coding] of coded) {
    const { headers } = await fetchList(uri, { headers: { 'accept-encoding': accepted } })
    t.equal(headers.get('content-encoding'), coding, accepted.replace(/(.)\1{99,}/, '$1…'))
  }
})

test('web pages of every origin may read the lists and where they are', async t => {
  const service = await serve(t)
  await addAlice(service)
  for (const path of [new URL(await uriOf(service)).pathname, '/oauth/status-lists']) {
    for (const origin of ['https://anybody.example', 'null']) {
      const { status, headers } = await service.get(path, { headers: { origin } })
      t.equal(status, 200)
      t.equal(headers.get('access-control-allow-origin'), '*')
      t.match(headers.get('access-control-expose-headers'), /\bETag\b/)
      const preflight = await service.get(path, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'if-none-match' },
      })
      t.equal(preflight.status, 204)
      t.match(preflight.headers.get('access-control-allow-headers'), /\bif-none-match\b/i)
    }
  }
})

test('a list that does not exist is not found, and nothing but reading is possible', async t => {
  const service = await serve(t)
  await addAlice(service)
  const uri = await uriOf(service)
  const path = new URL(uri).pathname
  for (const other of [`${path}0`, path.slice(0, -1), `${path}/`, '/oauth/status-lists/', '/oauth/status-lists/%00'])
    isError(t, await service.get(other), [404, 'not_found'])
  for (const each of [path, '/oauth/status-lists']) {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const answer = await service.get(each, { method })
      isError(t, answer, [405, 'method_not_allowed'])
      t.equal(answer.headers.get('allow'), 'GET, HEAD')
    }
  }
})

test('HEAD says of a list what GET says, without the document', async t => {
  const service = await serve(t, { faults: { read: inOneMinute() } })
  await addAlice(service)
  const uri = await uriOf(service)
  for (const coding of [identity, gzip]) {
    const [head, get] = [await fetchList(uri, { ...coding, method: 'HEAD' }), await fetchList(uri, coding)]
    t.equal(head.text, '')
    for (const name of ['etag', 'cache-control', 'content-type', 'content-length', 'content-encoding', 'vary'])
      t.equal(head.headers.get(name), get.headers.get(name), name)
  }
})

test('the metadata says where the lists are listed, and that is each list which tokens point to', async t => {
  const clock = testClock()
  const service = await serve(t, { clock })
  await addAlice(service)
  const metadata = (await service.get('/.well-known/oauth-authorization-server')).body
  t.equal(metadata.status_list_aggregation_endpoint, `${service.issuer}/oauth/status-lists`)
  const aggregated = async () => {
    const { status, headers, body } = await service.get('/oauth/status-lists')
    t.equal(status, 200)
    t.equal(headers.get('content-type'), 'application/json; charset=utf-8')
    t.equal(headers.get('cache-control'), 'public, max-age=2, must-revalidate')
    t.same(Object.keys(body), ['status_lists'])
    return body.status_lists
  }
  t.same(await aggregated(), [], 'nobody has signed in yet')
  const first = await uriOf(service)
  await fetchList(first)
  t.same(await aggregated(), [first])
  clock.advance(24 * HOUR_MS)
  const second = await uriOf(service)
  await fetchList(second)
  t.same(await aggregated(), [first, second], 'the old list lives as long as what points to it')
  const etag = (await service.get('/oauth/status-lists')).headers.get('etag') ?? ''
  const unchanged = await service.get('/oauth/status-lists', { headers: { 'if-none-match': etag } })
  t.match(unchanged, { status: 304, text: '' })

  changeEach(service.databaseFile, 'update status_lists set keep_until_ms = ? where id = ?', [
    [clock.now(), statusListsOf(service.databaseFile)[0]?.['id']],
  ])
  t.equal((await (await service.container.janitor()).sweep()).statusLists, 1)
  t.same(await aggregated(), [second])
  isError(t, await service.get(new URL(first).pathname), [404, 'not_found'])
})

// draft-ietf-oauth-status-list §8.4
test('who asks what a list said at another time gets 501, whichever list and whenever', async t => {
  const service = await serve(t)
  await addAlice(service)
  const { pathname } = new URL(await uriOf(service))
  for (const query of ['?time=1686925000', '?time=x', '?time=1&time=2', '?other=1&time=1'])
    for (const path of [pathname, '/oauth/status-lists/unknown'])
      isError(t, await service.get(path + query), [501, 'not_implemented'])
  t.equal((await service.get(`${pathname}?time=1`, { method: 'HEAD' })).status, 501)
  t.notMatch(service.log(), /"level":"error"/, 'that is no fault of ours')
  for (const query of ['?time=', '?time', '?times=1']) t.equal((await service.get(pathname + query)).status, 200, query)
})

test('with a path in the issuer the lists lie under it', async t => {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}/auth/eu`
  const service = await serve(t, { environment: { SIGNET_PORT: String(port), SIGNET_ISSUER: issuer } })
  await addAlice(service)
  const uri = await uriOf(service)
  t.ok(uri.startsWith(`${issuer}/oauth/status-lists/`))
  const { payload } = await jwtVerify((await fetchList(uri)).text, keysOf(service), { subject: uri })
  t.ok(payload.exp)
  const { status_list_aggregation_endpoint } = (await service.get('/.well-known/openid-configuration')).body
  t.equal(status_list_aggregation_endpoint, `${issuer}/oauth/status-lists`)
  t.same(JSON.parse((await fetchList(status_list_aggregation_endpoint)).text), { status_lists: [uri] })
})
