import t, { type Test } from 'tap'
import { type Administered, administered, needsPermission, pagesOf, saysOfFields } from '../support/administered.ts'
import { addKey, addMachine, exchange } from '../support/asking-machines.ts'
import { isError } from '../support/error-shape.ts'
import { heldWrite } from '../support/hold.ts'
import { ended } from '../support/scene.ts'
import { byTest, password, secret } from '../support/serve.ts'

t.jobs = 2

const path = '/admin/sessions'
const write = 'signet:sessions:write'
const beyond = [403, 'insufficient_scope'] as const

const openOf = async ({ json }: Administered, ...words: readonly string[]): Promise<string[]> =>
  (await json(['sessions', 'list', ...words])).map(({ id }: { id: string }) => id)

t.test('/admin/sessions lists sign-ins that are alive, in pages, each once, whatever is used meanwhile', async t => {
  const its = await administered(t)
  const { ask, admin, device, refreshed, clock, userId, json, service } = its
  const devices = []
  for (let index = 0; index < 5; index += 1) {
    clock.advance(1000)
    devices.push(await device({ clientId: index % 2 === 0 ? 'account' : 'web-app' }))
  }
  clock.advance(1000)
  const bob = await device({ username: 'bob' })
  const [first, second, third, fourth, fifth] = devices.map(({ sid }) => sid)
  await addMachine(service, 'job')
  await service.token({ grant_type: 'client_credentials' }, { client: ['job', secret] })
  await its.revoke(devices[3]?.refreshToken ?? '', {
    client: ['web-app', secret],
  })

  const ids = (pages: readonly { readonly id: string }[][]) => pages.map(page => page.map(({ id }) => id))
  const all = [bob.sid, fifth, third, second, first, admin.sid]
  t.same(ids(await pagesOf(its, path, 'sessions', 1000)), [all])
  t.same(ids(await pagesOf(its, path, 'sessions', 4)), [all.slice(0, 4), all.slice(4)])
  t.same(ids(await pagesOf(its, path, 'sessions', 6)), [all])
  const one = await ask(admin, 'GET', `${path}?limit=3`)
  if (devices[0]) await refreshed(devices[0])
  await ask(admin, 'DELETE', `${path}/${third}`)
  const { body } = await ask(admin, 'GET', `${path}?limit=3&cursor=${one.body.next_cursor}`)
  t.same(ids([one.body.sessions, body.sessions]), [all.slice(0, 3), all.slice(3)], 'a use moves none, nor does an end')

  const found = async (query: string) => ids([(await ask(admin, 'GET', `${path}?${query}`)).body.sessions])[0]
  t.same(await found(`user_id=${userId}`), [fifth, second, first])
  t.same(await found('client_id=web-app'), [second])
  t.same(await found(`user_id=${userId}&client_id=account&limit=1`), [fifth])
  for (const query of ['user_id=none', 'client_id=none', `user_id=${bob.sid}`, 'client_id=job'])
    t.same(await found(query), [], query)

  const answer = await ask(admin, 'GET', `${path}/${fifth}`)
  const [told] = await json(['sessions', 'list', fifth ?? ''])
  t.strictSame(answer.body, told, 'as at the command line')
  const headers = { 'if-none-match': answer.headers.get('etag') ?? '' }
  t.equal((await ask(admin, 'GET', `${path}/${fifth}`, { headers })).status, 304)
  for (const id of [third, fourth, 'none', '%25'])
    isError(t, await ask(admin, 'GET', `${path}/${id}`), [404, 'not_found'])
  for (const query of ['cursor=!', 'limit=1001', 'user_id=%00', 'user_id=a&user_id=b'])
    isError(t, await ask(admin, 'GET', `${path}?${query}`), [400, 'invalid_request'])
})

t.test('a session is ended with its tokens, and the audit says by whom', async t => {
  const its = await administered(t)
  const { ask, admin, device, verdictOn, refresh, refreshed, userId, accountId, fresh, clock } = its
  const [gone, stays] = [await device(), await device()]
  await fresh()
  const url = `${path}/${gone.sid}`
  const seen = (await ask(admin, 'GET', url)).headers.get('etag') ?? ''
  clock.advance(1000)
  const newest = await refreshed(gone)
  isError(t, await ask(admin, 'DELETE', url, { headers: { 'if-match': seen } }), [412, 'precondition_failed'])
  t.match(await verdictOn(newest), { active: true })
  await fresh()
  const now = (await ask(admin, 'GET', url)).headers.get('etag') ?? ''
  t.equal((await ask(admin, 'DELETE', url, { headers: { 'if-match': `"x", ${now}` } })).status, 204)
  t.same(await verdictOn(newest), ended)
  t.match((await refresh(newest.refreshToken)).body, { error: 'invalid_grant' })
  t.match(await verdictOn(stays), { active: true })
  const [event] = (await fresh()).filter(({ type }) => type === 'session.end')
  t.match(event, { actor: `user:${admin.id}`, reason: 'revoked_by_operator', session_id: gone.sid })
  t.match(event, { user_id: userId, client_id: accountId, address: '127.0.0.1', request_id: String })
  isError(t, await ask(admin, 'DELETE', url), [404, 'not_found'])
  isError(t, await ask(admin, 'DELETE', `${path}/none`), [404, 'not_found'])
  t.equal((await ask(admin, 'DELETE', `${path}/${admin.sid}`)).status, 204, 'one may end what one asks with')
  t.equal((await ask(admin, 'GET', path)).status, 401)
})

t.test('all of a user, through a client, or both end, also what machines got', async t => {
  const its = await administered(t)
  const { ask, admin, device, verdictOn, userId, service, works } = { ...(await withMachines(its)) }
  const end = async (body: object) => (await ask(admin, 'POST', `${path}/end`, { body })).body
  const alice = [await device(), await device(), await device({ clientId: 'web-app' })]
  const bob = await device({ username: 'bob' })
  const key = await addKey(service, { username: 'alice' })
  const given = async () => ({ access: (await exchange(service, key.text, 'job')).body.access_token })
  const token = await given()

  t.same(await end({ user_id: userId, client_id: 'web-app' }), { ended: 1 })
  t.same(await Promise.all(alice.map(each => works(each))), [true, true, false])
  t.same(await end({ user_id: userId }), { ended: 3 })
  t.equal(await works(token), false)
  for (const each of alice) t.same(await verdictOn(each), ended)
  t.same(await end({ user_id: userId }), { ended: 0 })
  t.equal(await works(bob), true)
  t.equal(await works(await given()), true, 'the key is as it was')
  const own = { access: (await service.token({ grant_type: 'client_credentials' }, { client: job })).body.access_token }
  t.same(await end({ client_id: 'job' }), { ended: 2 })
  t.equal(await works(own), false)
  t.same(await end({ client_id: 'account' }), { ended: 1 })
  t.same(await verdictOn(bob), ended)

  const wrong = async (body: object, fields: Record<string, RegExp>) =>
    saysOfFields(t, await ask(admin, 'POST', `${path}/end`, { body }), fields)
  await wrong({}, { '': /^Say whose/ })
  await wrong({ user_id: 'none' }, { user_id: /no such user/ })
  await wrong({ client_id: 'none', user_id: userId }, { client_id: /no such client/ })
  await wrong(
    { user_id: 1, client_id: null, all: true },
    { user_id: /a text/, client_id: /a text/, all: /no such member/ },
  )
  for (const body of ['', '[]', 'null', '{', '{"user_id":"a\\u0000"}'])
    isError(t, await ask(admin, 'POST', `${path}/end`, { body }), [400, 'invalid_request'])
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  isError(t, await ask(admin, 'POST', `${path}/end`, { body: 'user_id=x', headers: form }), [415, 'invalid_request'])
})

const job = ['job', secret] as const

async function withMachines(its: Administered) {
  await addMachine(its.service, 'job')
  const works = async ({ access }: { readonly access: string }): Promise<boolean> =>
    (await its.introspect(access)).body.active
  return { ...its, works }
}

t.test('nobody ends what is beyond them', async t => {
  const its = await administered(t)
  const { ask, admin, device, someoneWith, machineWith, signIn, userId, service } = its
  await service.roles.add({ name: 'reader', permissions: ['posts:read'] }, byTest)
  await service.users.add({ username: 'rita', password, roles: ['reader'] }, byTest)
  const posts = ['posts:read', 'posts:write']
  const bare = await someoneWith([write])
  const reader = await someoneWith([write, 'posts:read'])
  const editor = await someoneWith([write, ...posts])
  const narrow = await someoneWith(['signet:sessions:read', write, ...posts], 'signet:sessions:read posts:read')
  const [idle, forReaders, forEditors] = [
    await machineWith([write]),
    await machineWith([write, ...posts], ['reader']),
    await machineWith([write], ['editor', 'reader']),
  ]
  const rita = await service.users.find('rita')

  for (const [who, asker, ofAlice, ofRita, ofBob, ofAdmin] of [
    ['with the permission alone', bare, 403, 403, 204, 403],
    ['with what a reader has', reader, 403, 204, 204, 403],
    ['with what an editor has', editor, 204, 204, 204, 403],
    ['with a narrow token', narrow, 403, 403, 403, 403],
    ['a machine that grants no role', idle, 403, 403, 204, 403],
    ['a machine for readers, whatever its scope', forReaders, 403, 204, 204, 403],
    ['a machine for editors', forEditors, 204, 204, 204, 403],
    ['an administrator', admin, 204, 204, 204, 204],
  ] as const) {
    const statusOf = async (sid: string) => (await ask(asker, 'DELETE', `${path}/${sid}`)).status
    const other = await signIn('admin')
    const sids = [await device(), await device({ username: 'rita' }), await device({ username: 'bob' }), other]
    const statuses: number[] = []
    for (const { sid } of sids) statuses.push(await statusOf(sid))
    t.same(statuses, [ofAlice, ofRita, ofBob, ofAdmin], who)
    const all = async (user_id: string) => (await ask(asker, 'POST', `${path}/end`, { body: { user_id } })).status
    const ofAll = (status: number) => (status === 204 ? 200 : status)
    t.same([await all(userId), await all(rita.userId)], [ofAll(ofAlice), ofAll(ofRita)], `${who}, all of a user`)
  }

  const narrowSignIn = await signIn('alice', 'posts:read')
  t.equal((await ask(reader, 'DELETE', `${path}/${narrowSignIn.sid}`)).status, 204, 'a sign-in that was granted less')
  const through = (asker: typeof bare, client_id: string) => ask(asker, 'POST', `${path}/end`, { body: { client_id } })
  for (const asker of [bare, reader, idle, forEditors]) isError(t, await through(asker, 'account'), beyond)
  t.equal((await through(editor, 'account')).status, 200)
  isError(t, await through(editor, 'console'), beyond)
  const both = { user_id: userId, client_id: 'account' }
  t.equal((await ask(forEditors, 'POST', `${path}/end`, { body: both })).status, 200, 'a machine, of one user')
  t.equal((await through(await signIn('admin'), 'console')).status, 200)

  await needsPermission(t, await administered(t), write, [
    ['DELETE', `${path}/x`],
    ['POST', `${path}/end`, { user_id: 'x' }],
  ])
  await needsPermission(t, await administered(t), 'signet:sessions:read', [
    ['GET', path],
    ['GET', `${path}/x`],
  ])
})

async function withdrawn(t: Test, words: (its: Administered) => readonly string[]) {
  const { faults, meanwhile } = heldWrite()
  const its = await administered(t, { faults })
  const { ask, device, someoneWith } = its
  const asker = await someoneWith([write, 'posts:read', 'posts:write'])
  const { sid } = await device()
  const answer = await meanwhile(
    () => ask(asker, 'DELETE', `${path}/${sid}`),
    () => its.json(words(its)),
  )
  isError(t, answer, beyond)
  t.same(await openOf(its, sid), [sid])
}

t.test('what was taken from whoever asks a moment before the write counts', async t => {
  await withdrawn(t, () => ['roles', 'revoke', 'role-of-someone-1', '--user', 'someone-1'])
  await withdrawn(t, () => ['users', 'disable', 'someone-1'])
})
