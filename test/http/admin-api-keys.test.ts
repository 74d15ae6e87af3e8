import t from 'tap'
import { type Administered, administered, needsPermission, pagesOf, saysOfFields } from '../support/administered.ts'
import { addKey, addMachine, exchange } from '../support/asking-machines.ts'
import { isError } from '../support/error-shape.ts'
import { heldWrite } from '../support/hold.ts'
import { api, byTest, claimsOf, type ServeOptions } from '../support/serve.ts'
import { everythingIn, select } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'

t.jobs = 2

const path = '/admin/api-keys'
const write = 'signet:api-keys:write'
const beyond = [403, 'insufficient_scope'] as const
const day = 86_400_000
const good = { client_id: 'job', name: 'nightly', scope: 'posts:write posts:read' }

async function withJob(t: Parameters<typeof administered>[0], options?: ServeOptions) {
  const its = await administered(t, options)
  await addMachine(its.service, 'job')
  const add = (body: object | string = good, asker = its.admin) => its.ask(asker, 'POST', path, { body })
  const made = async (body: object = {}) => (await add({ ...good, ...body })).body
  return { ...its, add, made }
}

const kept = ({ service }: Pick<Administered, 'service'>) =>
  select(service.databaseFile, "select id from credentials where kind = 'api_key'").length

t.test('a key for a client is made, shown once, used, and revoked with what was given for it', async t => {
  const its = await withJob(t)
  const { ask, admin, add, service, clock, fresh, introspect, json } = its
  await fresh()
  const answer = await add({ ...good, audiences: [api], expires_in: 3600 })
  const { api_key, ...shown } = answer.body
  t.equal(answer.status, 201)
  t.equal(answer.headers.get('cache-control'), 'no-store')
  const url = `${path}/${shown.api_key_id}`
  t.equal(answer.headers.get('location'), url)
  t.match(api_key, /^signet_key_/)
  t.match(shown, { client_id: 'job', user_id: null, username: null, name: 'nightly', scope: 'posts:read posts:write' })
  t.match(shown, { status: 'active', audiences: [api], expires_at: new Date(clock.now() + 3_600_000).toISOString() })
  const seen = await ask(admin, 'GET', url)
  t.strictSame(seen.body, shown)
  t.equal(seen.headers.get('etag'), answer.headers.get('etag'), 'the tag is that of what can be read again')
  t.strictSame(await json(['api-keys', 'show', shown.api_key_id]), shown)

  const { access_token: access } = (await exchange(service, api_key, 'job')).body
  t.match(claimsOf(access), { sub: (await service.clients.find('job')).id, scope: 'posts:read posts:write' })
  // The use is written beside the request.
  await until(async () => (await ask(admin, 'GET', url)).body.last_used_at !== null)
  const headers = { 'if-match': seen.headers.get('etag') ?? '' }
  isError(t, await ask(admin, 'DELETE', url, { headers }), [412, 'precondition_failed'])
  const now = (await ask(admin, 'GET', url)).headers.get('etag') ?? ''
  t.equal((await introspect(access)).body.active, true)
  t.equal((await ask(admin, 'DELETE', url, { headers: { 'if-match': now } })).status, 204)
  t.equal((await introspect(access)).body.active, false)
  t.equal((await exchange(service, api_key, 'job')).status, 400)
  t.match((await ask(admin, 'GET', url)).body, { status: 'revoked', revoked_at: new Date(clock.now()).toISOString() })
  const actor = {
    actor: `user:${admin.id}`,
    target: shown.api_key_id,
    client_id: (await service.clients.find('job')).id,
  }
  const events = (await fresh()).filter(({ type }) => type.startsWith('api_key.') && type !== 'api_key.exchange')
  t.match(events, [
    { ...actor, type: 'api_key.create' },
    { ...actor, type: 'api_key.revoke', reason: 'revoked_by_operator' },
  ])
  t.equal((await ask(admin, 'DELETE', url)).status, 204, 'again changes nothing')
  t.same(await fresh(), [])
  for (const method of ['GET', 'DELETE']) isError(t, await ask(admin, method, `${path}/key_0`), [404, 'not_found'])
})

t.test('what is wrong is said of each member, and nothing is written', async t => {
  const its = await withJob(t)
  const { add, service, made, clock, userId } = its
  t.equal(Date.parse((await made()).expires_at), clock.now() + 90 * day)
  t.equal(Date.parse((await made({ expires_in: 31_536_000 })).expires_at), clock.now() + 365 * day)
  const before = everythingIn(service.databaseFile)
  const cases: readonly (readonly [object, Readonly<Record<string, RegExp>>])[] = [
    [{}, { name: /needed/, scope: /needed/ }],
    [{ name: 'a', scope: 'b' }, { client_id: /needed/ }],
    [{ ...good, user_id: userId }, { user_id: /made for a client: users make their own/ }],
    [{ user_id: userId, name: 'a', scope: 'b' }, { user_id: /made for a client: users make their own/ }],
    [{ ...good, client_id: 'none' }, { client_id: /no such client/ }],
    [{ ...good, client_id: 'spa' }, { client_id: /public client has no API keys/ }],
    [
      { ...good, name: '', scope: ' ' },
      { name: /1 to 64/, scope: /needs a scope/ },
    ],
    [{ ...good, scope: 'signet:users:read' }, { scope: /none of Signet's own/ }],
    [{ ...good, scope: '*' }, { scope: /is not \*/ }],
    [
      { ...good, scope: ['posts:read'], audiences: api },
      { scope: /a text/, audiences: /a list/ },
    ],
    [{ ...good, audiences: [1] }, { audiences: /a text/ }],
    [{ ...good, audiences: [service.issuer] }, { audiences: /Signet itself/ }],
    [{ ...good, audiences: ['ü'] }, { audiences: /absolute URI/ }],
    [{ ...good, expires_in: null }, { expires_in: /a whole number/ }],
    [{ ...good, expires_in: 'never' }, { expires_in: /a whole number/ }],
    [{ ...good, expires_in: 0 }, { expires_in: /at least 1/ }],
    [{ ...good, expires_in: 31_536_001 }, { expires_in: /at most 31536000/ }],
    [
      { ...good, ttl: 1, api_key: 'x' },
      { ttl: /no such member/, api_key: /no such member/ },
    ],
  ]
  for (const [body, fields] of cases) saysOfFields(t, await add(body), fields)
  for (const body of ['', '[]', '{"name":"a\\u0000"}', '{"n\\u0000":1}', '{"name":"\uFFFD"}'])
    isError(t, await add(body), [400, 'invalid_request'])
  t.same(everythingIn(service.databaseFile), before)
  for (let more = 2; more < 10; more += 1) await made()
  const refused = await add()
  isError(t, refused, [429, 'too_many_requests'])
  t.equal(refused.headers.get('retry-after'), '3600')
})

t.test('keys are listed in pages, of a client, of a user, and by what became of them', async t => {
  const its = await withJob(t)
  const { ask, admin, service, made, clock, userId, json } = its
  const short = await made({ expires_in: 1 })
  clock.advance(1000)
  const [one, two] = [await made(), await made()]
  await ask(admin, 'DELETE', `${path}/${two.api_key_id}`)
  clock.advance(1000)
  const { id: ofAlice } = await addKey(service, { username: 'alice' })
  await addKey(service, { username: 'bob' })
  const all = await json(['api-keys', 'list'])
  t.equal(all.length, 5)
  for (const limit of [1, 2, 5, 6])
    t.strictSame((await pagesOf(its, path, 'api_keys', limit)).flat(), all, `by ${limit}`)
  const ids = async (query: string) =>
    (await ask(admin, 'GET', `${path}?${query}`)).body.api_keys.map((key: { api_key_id: string }) => key.api_key_id)
  const ofJob = [one.api_key_id, two.api_key_id].toSorted()
  t.same(await ids('client_id=job'), [short.api_key_id, ...ofJob])
  t.same(await ids('client_id=job&status=active'), [one.api_key_id])
  t.same(await ids('status=expired'), [short.api_key_id])
  t.same(await ids('status=revoked&client_id=job'), [two.api_key_id])
  t.same(await ids(`user_id=${userId}`), [ofAlice])
  for (const query of [`user_id=${userId}&client_id=job`, 'user_id=x', 'client_id=x', `user_id=${one.client_id}`])
    t.same(await ids(query), [], query)
  await service.clients.setStatus('job', 'deleted', byTest)
  t.same(await ids('client_id=job&status=revoked'), ofJob, 'also of a client that is gone')
  for (const query of [
    'status=gone',
    'cursor=eA',
    'cursor=MQ',
    'limit=x',
    'client_id=%00',
    'status=active&status=active',
  ])
    isError(t, await ask(admin, 'GET', `${path}?${query}`), [400, 'invalid_request'])
})

t.test('nobody makes or revokes what is beyond them', async t => {
  const its = await withJob(t)
  const { ask, admin, add, someoneWith, machineWith, service, device, json } = its
  const posts = ['posts:read', 'posts:write']
  const [bare, reader, editor] = [
    await someoneWith([write]),
    await someoneWith([write, 'posts:read']),
    await someoneWith([write, ...posts]),
  ]
  const narrow = await someoneWith([write, ...posts, 'signet:api-keys:read'], 'signet:api-keys:read posts:read')
  const [worker, forEditors] = [await machineWith([write, ...posts]), await machineWith([write], ['editor'])]
  await service.roles.add({ name: 'reader', permissions: ['posts:read'] }, byTest)

  for (const [who, asker, ofReader, ofEditor, ofAlice, ofBob] of [
    ['with the permission alone', bare, 403, 403, 403, 403],
    ['with what a reader has', reader, 204, 403, 403, 204],
    ['with what an editor has', editor, 204, 204, 204, 204],
    ['with a narrow token', narrow, 403, 403, 403, 403],
    ['a machine that grants no role', worker, 204, 204, 403, 204],
    ['a machine for editors', forEditors, 403, 403, 204, 204],
    ['an administrator', admin, 204, 204, 204, 204],
  ] as const) {
    await addMachine(service, `of ${who}`.replaceAll(' ', '-'))
    const client_id = `of ${who}`.replaceAll(' ', '-')
    const statuses: number[] = []
    for (const scope of ['posts:read', posts.join(' ')]) {
      const before = kept(its)
      const mine = await add({ ...good, client_id, scope }, asker)
      if (mine.status === 403) t.equal(kept(its), before)
      const { api_key_id } = (await add({ ...good, client_id, scope })).body
      const { status } = await ask(asker, 'DELETE', `${path}/${api_key_id}`)
      t.equal(mine.status, status === 204 ? 201 : status, `${who}: to make takes what to revoke takes`)
      statuses.push(status)
    }
    const ofUsers = [
      await addKey(service, { username: 'alice' }),
      await addKey(service, { username: 'bob' }, { scope: ['posts:read'] }),
    ]
    for (const { id } of ofUsers) statuses.push((await ask(asker, 'DELETE', `${path}/${id}`)).status)
    t.same(statuses, [ofReader, ofEditor, ofAlice, ofBob], who)
    for (const { id } of ofUsers) await json(['api-keys', 'revoke', id])
  }

  const { text } = await addKey(service, { username: 'alice' })
  const { access_token: access } = (await exchange(service, text, 'job')).body
  t.equal((await ask({ access }, 'GET', path)).status, 401, 'no key opens it')
  await device()
  const { api_key_id } = (await add()).body
  await needsPermission(t, its, write, [
    ['POST', path, good],
    ['DELETE', `${path}/${api_key_id}`],
  ])
  await needsPermission(t, its, 'signet:api-keys:read', [
    ['GET', path],
    ['GET', `${path}/${api_key_id}`],
  ])
})

t.test('what was taken from whoever asks a moment before the write counts', async t => {
  const { faults, meanwhile } = heldWrite()
  const its = await withJob(t, { faults })
  const { ask, add, someoneWith, json } = its
  const asker = await someoneWith([write, 'posts:read', 'posts:write'])
  const { api_key_id } = (await add()).body
  const loses = () => json(['roles', 'update', 'role-of-someone-1', '--permission', write])
  isError(t, await meanwhile(() => add(good, asker), loses), beyond)
  t.equal(kept(its), 1)
  const again = await its.signIn('someone-1')
  isError(t, await ask(again, 'DELETE', `${path}/${api_key_id}`), beyond)
  t.match((await ask(its.admin, 'GET', `${path}/${api_key_id}`)).body, { status: 'active' })
})
