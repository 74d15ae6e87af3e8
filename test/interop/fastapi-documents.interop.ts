/** What the package signet-verifier makes of documents that do not count, and of an issuer's news. */
import { deflateSync } from 'node:zlib'
import { type Test, test } from 'tap'
import { createSigningKey, type Issuer, startIssuer } from '../support/issuer.ts'
import { startFastApi } from './fastapi-service.ts'

const now = (): number => Math.floor(Date.now() / 1000)

/** Publishes lists of one bit each: `good` is not set, `revoked` is, and the others say nothing that counts. */
function publishLists({ publish, publishList, listsPath, statusList, issuer }: Issuer, t: Test): readonly string[] {
  const clear = Buffer.alloc(16)
  const list = (lst: Buffer, bits: unknown = 1) => ({ status_list: { bits, lst: lst.toString('base64url') } })
  publishList('good', statusList('good', clear))
  publishList('revoked', statusList('revoked', Buffer.alloc(16, 0xff)))
  const bad: Record<string, string> = {
    sub: statusList('sub', clear, { sub: `${issuer}/status-lists/good` }),
    typ: statusList('typ', clear, {}, { typ: 'at+jwt' }),
    exp: statusList('exp', clear, { exp: now() - 31 }),
    'no-exp': statusList('no-exp', clear, { exp: undefined }),
    iat: statusList('iat', clear, { iat: 'now' }),
    bits: statusList('bits', clear, list(deflateSync(clear), 3)),
    empty: statusList('empty', Buffer.alloc(0)),
    bomb: statusList('bomb', Buffer.alloc(2 ** 20 + 1)),
    'cut-short': statusList('cut-short', clear, list(deflateSync(clear).subarray(0, -5))),
    signature: `${statusList('signature', clear).slice(0, -8)}AAAAAAAA`,
    large: statusList('large', clear, { padding: 'x'.repeat(1_000_000) }),
  }
  for (const [id, document] of Object.entries(bad)) publishList(id, document)
  publish(`${listsPath}/redirect`, { status: 302, headers: { location: `${listsPath}/moved` }, body: '' })
  publish(`${listsPath}/moved`, { body: statusList('redirect', clear) })
  publish(`${listsPath}/silent`, () => t.pass('a list that never comes was asked for'))
  return [...Object.keys(bad), 'redirect', 'silent', 'missing']
}

test('FastAPI: a status list that does not count is none, so that strict routes refuse', async t => {
  const issuer = await startIssuer(t)
  const ids = publishLists(issuer, t)
  const resource = await startFastApi(t, issuer)
  const token = (id: string, idx = 0) =>
    issuer.token({ roles: ['admin'], status: { status_list: { idx, uri: issuer.listUri(id) } } })
  const strict = async (id: string) => (await resource.as(token(id), '/admin/stats')).status
  t.equal(await strict('good'), 200)
  t.equal(await strict('revoked'), 401)
  t.equal(
    await resource.verdict(token('good', 128)),
    'The status list has no such index as the token names.',
    'an index out of bounds',
  )
  const answers = await Promise.all(ids.map(async id => [id, await strict(id), await resource.verdict(token(id))]))
  t.same(
    answers,
    ids.map(id => [id, 503, 200]),
  )
  const asked = (id: string) => issuer.requests.filter(({ path }) => path === `${issuer.listsPath}/${id}`).length
  t.same(
    ids.map(id => [id, asked(id)]),
    ids.map(id => [id, 1]),
    'each was asked for once',
  )
})

test('FastAPI: a mode that is misspelt counts as strict', async t => {
  const issuer = await startIssuer(t)
  const { as } = await startFastApi(t, { ...issuer, app: 'guarded' })
  const token = issuer.token({ status: { status_list: { idx: 0, uri: issuer.listUri('missing') } } })
  t.match([await as(token, '/me'), await as(token, '/misspelt')], [{ status: 200 }, { status: 503 }])
})

test('FastAPI: a list with Age that is older takes nothing back, documents that are broken are outages, and a key that left is refused from the next poll on', async t => {
  const issuer = await startIssuer(t)
  const list = (byte: number) => issuer.statusList('1', Buffer.alloc(16, byte))
  issuer.publishList('1', list(0xff), { etag: '"first"' })
  const resource = await startFastApi(t, { ...issuer, environment: { POLL_INTERVAL: '0.05' } })
  const revoked = issuer.token({ status: { status_list: { idx: 0, uri: issuer.listUri('1') } } })
  const isRevoked = async () => (await resource.verdict(revoked)) === 'The access token was revoked.'
  t.ok(await isRevoked())

  const aged = resource.hears(/status-lists\/1 comes with an Age of 60 s/)
  issuer.publishList('1', list(0), { etag: '"older"', age: '60' })
  await aged
  t.ok(await isRevoked(), 'what an instance without a database serves')
  issuer.publishList('1', list(0xff), { etag: '"first"' })

  const tooLarge = JSON.stringify({ keys: [issuer.key.jwk], padding: 'x'.repeat(1_000_000) })
  for (const body of ['{"keys":', '{"keys":[]}', '{}', tooLarge, undefined]) {
    const outage = resource.hears(/jwks\.json can't be had, the copy held stays in use/)
    issuer.publish(issuer.jwksPath, body === undefined ? { status: 500, body: '' } : { body })
    await outage
    t.equal(await resource.verdict(issuer.token()), 200, body?.slice(0, 20) ?? 'an answer of 500')
    const recovery = resource.hears(/jwks\.json can be had again/)
    issuer.publishKeys([issuer.key.jwk])
    await recovery
  }

  const other = await createSigningKey()
  const news = resource.hears(/jwks\.json has news/)
  issuer.publishKeys([other.jwk])
  await news
  t.equal(await resource.verdict(issuer.token()), 'The issuer has no usable key of the name that the token gives.')
  t.equal(await resource.verdict(issuer.token({}, {}, other)), 200)

  const conditional = issuer.requests.filter(({ headers }) => headers['if-none-match'] === '"first"')
  t.ok(conditional.length > 0, 'polls name the version that is held')
  const cacheControls = issuer.requests.map(({ headers }) => headers['cache-control'])
  t.same(new Set(cacheControls), new Set(['no-cache']))
})

test('FastAPI: a list without Age is taken, whatever the clock was when it was issued', async t => {
  const issuer = await startIssuer(t)
  const publish = (byte: number, iat: number) =>
    issuer.publishList('1', issuer.statusList('1', Buffer.alloc(16, byte), { iat }))
  publish(0xff, now() + 3600)
  const resource = await startFastApi(t, { ...issuer, environment: { POLL_INTERVAL: '0.05' } })
  const token = issuer.token({ status: { status_list: { idx: 0, uri: issuer.listUri('1') } } })
  t.equal(await resource.verdict(token), 'The access token was revoked.', 'whose clock is behind learns of it')
  const news = resource.hears(/status-lists\/1 has news/)
  publish(0, now())
  await news
  t.equal(await resource.verdict(token), 200)
})

test('FastAPI: a wall clock that is set makes nothing fresh or stale, and does not stop the search for a new key', async t => {
  const issuer = await startIssuer(t)
  const always = { roles: ['admin'], iat: now() - 7200, exp: now() + 7200 }
  const resource = await startFastApi(t, { ...issuer, environment: { POLL_INTERVAL: '60' } })
  const strict = async (key = issuer.key) => (await resource.as(issuer.token(always, {}, key), '/admin/stats')).status
  resource.setWallClock(3600)
  t.equal(await strict(), 200, 'set ahead')
  resource.setWallClock(-7200)
  t.equal(await strict(), 200, 'set back')
  resource.advance(61)
  t.equal(await strict(), 503, 'a minute later')

  const added = await createSigningKey()
  t.equal(await strict(added), 401, 'a search for the key')
  resource.setWallClock(-1000)
  resource.advance(10)
  issuer.publishKeys([issuer.key.jwk, added.jwk])
  t.equal(await strict(added), 200)
})

test('FastAPI: as long as a document was never had, each reason is said once: what is set up wrongly shows only when an outage is over', async t => {
  const issuer = await startIssuer(t)
  const path = '/.well-known/oauth-authorization-server'
  issuer.publish(path, { status: 503, body: '' })
  const resource = await startFastApi(t, { ...issuer, environment: { POLL_INTERVAL: '0.05' } })
  t.match(resource.log(), /oauth-authorization-server can't be had, nothing is held: .*503/)
  const other = resource.hears(/it is of another issuer: "https:\/\/login\.example\.com", not "http:/)
  const said = () => resource.log().match(/can't be had/g)?.length
  issuer.publish(path, { body: JSON.stringify({ issuer: 'https://login.example.com' }) })
  await other
  const { promise: thrice, resolve } = Promise.withResolvers<void>()
  let served = 0
  issuer.publish(path, (_, response) => {
    response.writeHead(503).end()
    served += 1
    if (served === 3) resolve()
  })
  await thrice
  const again = resource.hears(/oauth-authorization-server can be had again/)
  t.equal(said(), 2)
  issuer.publishMetadata()
  await again
  t.equal(said(), 2)
  t.equal(await resource.verdict(issuer.token()), 200)
})
