/** GET /.well-known/jwks.json: how long a copy may be used, and how little a verifier that polls has to fetch. */
import t, { type Test } from 'tap'
import { testClock } from '../support/clock.ts'
import { byTest, serve } from '../support/serve.ts'
import { DAY, HOUR, jwksOf, MINUTE, RETIRING, SECOND } from '../support/signing-keys.ts'

// Each has a service of its own.
t.jobs = 2

async function firstDay(t: Test) {
  const clock = testClock()
  const service = await serve(t, { clock })
  const lifecycle = await service.container.keyLifecycle()
  return {
    ...{ clock, service, lifecycle },
    async pass(milliseconds: number) {
      clock.advance(milliseconds)
      await service.tick()
    },
    async says(t: Test, maxAge: number, title: string) {
      const expected = `public, max-age=${maxAge}, must-revalidate`
      t.equal((await jwksOf(service)).headers.get('cache-control'), expected, title)
    },
  }
}

t.test('a copy may be used for 300 seconds, and never past a change that is planned', async t => {
  const { clock, pass, says } = await firstDay(t)
  await says(t, 300, 'nothing is near')
  await pass(90 * DAY - 5 * MINUTE)
  await says(t, 300, '300 seconds before the rotation')
  clock.advance(SECOND)
  await says(t, 299, '299 seconds before it')
  await pass(298 * SECOND + 400)
  await says(t, 1, 'less than a second before it')
  await pass(SECOND)
  await says(t, 300, 'after it')
  await pass(RETIRING - 10 * SECOND)
  await says(t, 10, 'before the old key leaves')
})

t.test('a rotation that an operator asked for is planned: copies do not outlast it', async t => {
  const { service, lifecycle, pass, says } = await firstDay(t)
  await pass(DAY - 20 * SECOND)
  await says(t, 300, 'nobody asked')
  await lifecycle.rotate(byTest)
  await service.tick()
  await says(t, 20, 'when it was asked')
})

t.test('whoever has the current version gets 304 without a body, with the same ETag and the same max-age', async t => {
  const { service, pass } = await firstDay(t)
  await pass(90 * DAY - 10 * SECOND)
  const etag = (await jwksOf(service)).headers.get('etag') ?? ''
  t.match(etag, /^"[\w-]{43}-gzip"$/, 'strong, and that of the coding that is sent')
  for (const held of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const { status, text, headers } = await jwksOf(service, { 'if-none-match': held })
    t.strictSame([status, text, headers.get('etag')], [304, '', etag], held)
    t.equal(headers.get('cache-control'), 'public, max-age=10, must-revalidate')
  }
  t.equal((await jwksOf(service, { 'if-none-match': '"other"' })).status, 200)
})

t.test('the ETag changes when the keys do and only then: whoever has the old version gets the new one', async t => {
  const { clock, service } = await firstDay(t)
  const versions = new Map<string, string>()
  for (const milliseconds of [0, HOUR, 90 * DAY - HOUR, HOUR, RETIRING - HOUR, HOUR]) {
    clock.advance(milliseconds)
    await service.tick()
    const { text, headers } = await jwksOf(service)
    const etag = headers.get('etag') ?? ''
    for (const old of versions.keys())
      t.equal((await jwksOf(service, { 'if-none-match': old })).status, old === etag ? 304 : 200)
    t.equal(versions.get(etag) ?? text, text)
    versions.set(etag, text)
  }
  t.equal(versions.size, 3, 'the first keys, a standby more, a retired key less')
})

t.test('in every state of the keys the JWKS has public members only', async t => {
  const { clock, service, lifecycle } = await firstDay(t)
  const acts = [
    () => lifecycle.rotate(byTest),
    () => lifecycle.revokeAll('test', byTest),
    async () => clock.advance(90 * DAY),
  ]
  for (const act of [async () => clock.advance(DAY), ...acts]) {
    await act()
    await service.tick()
    const { body } = await jwksOf(service)
    t.strictSame(Object.keys(body), ['keys'])
    t.ok(body.keys.length >= 2)
    for (const key of body.keys) {
      t.strictSame(Object.keys(key).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use'])
      t.match(key, { kty: 'RSA', use: 'sig', alg: 'RS256' })
    }
  }
})

t.test(
  'the JWKS and the metadata come with gzip for those who take it, each coding under a strong ETag of its own',
  async t => {
    const service = await serve(t)
    for (const document of ['jwks.json', 'openid-configuration', 'oauth-authorization-server']) {
      const path = `/.well-known/${document}`
      const [plain, gzipped] = await Promise.all(
        ['identity', 'gzip'].map(coding => service.get(path, { headers: { 'accept-encoding': coding } })),
      )
      if (plain === undefined || gzipped === undefined) throw new Error('No answers.')
      t.equal(gzipped.text, plain.text)
      t.equal(plain.headers.get('content-encoding'), null)
      t.equal(gzipped.headers.get('content-encoding'), 'gzip')
      const length = ({ headers }: typeof plain) => Number(headers.get('content-length'))
      t.ok(length(gzipped) < length(plain), `${length(gzipped)} of ${length(plain)} bytes`)
      const etags = [plain, gzipped].map(({ headers }) => headers.get('etag') ?? '')
      t.equal(new Set(etags).size, 2)
      for (const [answer, coding] of [
        [plain, 'identity'],
        [gzipped, 'gzip'],
      ] as const) {
        t.equal(answer.headers.get('vary'), 'Accept-Encoding')
        const held = answer.headers.get('etag') ?? ''
        const again = await service.get(path, { headers: { 'accept-encoding': coding, 'if-none-match': held } })
        t.match(again, { status: 304, text: '' })
      }
    }
  },
)

t.test('what compression does not make shorter is sent as it is', async t => {
  const service = await serve(t)
  const { headers } = await service.get('/oauth/status-lists', { headers: { 'accept-encoding': 'gzip' } })
  t.equal(headers.get('content-encoding'), null)
  t.equal(headers.get('vary'), 'Accept-Encoding')
})
