/** /admin/roles: the same as the command line, by whom, and what two administrators do at once. */
import t from 'tap'
import { administered, etagOf, needsPermission, pagesOf, saysOfFields } from '../support/administered.ts'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { isListed } from '../support/scene.ts'
import { byTest, claimsOf, password } from '../support/serve.ts'
import { everythingIn } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

const path = '/admin/roles'

t.test('a role is added, read, changed and deleted, as the command line shows it', async t => {
  const its = await administered(t)
  const { ask, admin, json, appendedLike, fresh } = its
  await fresh()
  const name = 'a/b_c?'
  const added = await ask(admin, 'POST', path, {
    body: { name, permissions: ['x', 'y', 'x'] },
  })
  t.same([added.status, added.headers.get('cache-control')], [201, 'no-store'])
  t.strictSame(added.body, { name, permissions: ['x', 'y'] }, 'each permission once')
  const location = added.headers.get('location') ?? ''
  t.equal(location, `${path}/a%2Fb_c%3F`)
  t.strictSame(await json(['roles', 'show', name]), added.body)

  const read = await ask(admin, 'GET', location)
  t.same([read.status, read.body, etagOf(read)], [200, added.body, etagOf(added)])
  t.equal((await ask(admin, 'GET', location, { headers: { 'if-none-match': etagOf(read) } })).status, 304)

  const headers = { 'if-match': etagOf(read), 'content-type': 'application/merge-patch+json' }
  const changed = await ask(admin, 'PATCH', location, { body: { permissions: ['y', 'z'] }, headers })
  t.same([changed.status, changed.body], [200, { name, permissions: ['y', 'z'] }])
  t.not(etagOf(changed), etagOf(read))
  t.equal((await ask(admin, 'DELETE', location, { headers: { 'if-match': etagOf(read) } })).status, 412)
  const deleted = await ask(admin, 'DELETE', location, { headers: { 'if-match': etagOf(changed) } })
  t.same([deleted.status, deleted.text], [204, ''])
  isError(t, await ask(admin, 'GET', location), [404, 'not_found'])
  isError(t, await ask(admin, 'DELETE', location), [404, 'not_found'])
  const by = { actor: `user:${admin.id}`, target: name, address: '127.0.0.1', outcome: 'success' }
  await appendedLike({ ...by, type: 'role.add' }, { ...by, type: 'role.update' }, { ...by, type: 'role.delete' })

  t.same(
    (await pagesOf(its, path, 'roles', 2)).flat(),
    await json(['roles', 'list']),
    'page by page the list of the command line',
  )
  t.equal((await pagesOf(its, path, 'roles', 1)).length, 2)
  await needsPermission(t, its, 'signet:roles:read', [
    ['GET', path],
    ['GET', `${path}/editor`],
  ])
  await needsPermission(t, its, 'signet:roles:write', [
    ['POST', path, { name: 'new', permissions: ['x'] }],
    ['PATCH', `${path}/editor`, { permissions: ['x'] }],
    ['DELETE', `${path}/editor`],
  ])
})

t.test('what is wrong is said member by member, and changes nothing', async t => {
  const { ask, admin, service } = await administered(t)
  const before = everythingIn(service.databaseFile)
  const post = (body: object) => ask(admin, 'POST', path, { body })
  saysOfFields(t, await post({}), { name: /needed/, permissions: /needed/ })
  saysOfFields(t, await post({ name: 'two words', permissions: ['*'] }), {
    name: /role name/,
    permissions: /permission/,
  })
  saysOfFields(t, await post({ name: 7, permissions: 'x', more: 1 }), {
    ...{ name: /^It is a text\.$/, permissions: /^It is a list\.$/, more: /no such member/ },
  })
  saysOfFields(t, await post({ name: 'new', permissions: [] }), { permissions: /at least 1/ })
  const unknown = /^Of the permissions that begin with signet: there are signet:users:read, /
  saysOfFields(t, await post({ name: 'new', permissions: ['signet:user:read'] }), { permissions: unknown })
  isError(t, await post({ name: 'editor', permissions: ['x'] }), [409, 'conflict'])
  isError(t, await post({ name: 'signet-admin', permissions: ['x'] }), [409, 'conflict'])
  const any = { 'if-match': '*' }
  const patch = (name: string, body: object, headers = any) => ask(admin, 'PATCH', `${path}/${name}`, { body, headers })
  saysOfFields(t, await patch('editor', { permissions: ['fine', 'not fine'] }), { permissions: /permission/ })
  saysOfFields(t, await patch('editor', { name: 'other' }), { name: /no such member/ })
  saysOfFields(t, await patch('editor', {}), { '': /Say what to change/ })
  isError(t, await patch('signet-admin', { permissions: ['x'] }), [409, 'conflict'])
  isError(t, await patch('nobody', { permissions: ['x'] }), [404, 'not_found'])
  isError(t, await ask(admin, 'PATCH', `${path}/editor`, { body: { permissions: ['x'] } }), [
    428,
    'precondition_required',
  ])
  isError(t, await patch('editor', { permissions: ['x'] }, { 'if-match': '"other"' }), [412, 'precondition_failed'])
  isError(t, await ask(admin, 'DELETE', `${path}/signet-admin`), [409, 'conflict'])
  t.strictSame(everythingIn(service.databaseFile), before)
})

t.test('a role is an administrator’s to change, with a token that has all that it gives', async t => {
  const { ask, admin, signIn, someoneWith, machineWith, service, json } = await administered(t)
  await service.roles.add({ name: 'support', permissions: ['signet:users:read'] }, byTest)
  const any = { 'if-match': '*' }
  const acts = [
    ['POST', path, { name: 'new', permissions: ['posts:read'] }],
    ['PATCH', `${path}/editor`, { permissions: ['posts:read'] }],
    ['DELETE', `${path}/editor`],
  ] as const
  const writes = ['signet:roles:write', 'posts:read', 'posts:write']
  const [writer, machine] = [await someoneWith(writes), await machineWith(writes, ['editor'])]
  const before = await json(['roles', 'list'])
  for (const asker of [writer, machine])
    for (const [method, to, body] of acts)
      isError(t, await ask(asker, method, to, { ...(body && { body }), headers: any }), [403, 'insufficient_scope'])
  // An administrator's token of less gives, changes and ends no more than it has of Signet's own permissions.
  const narrow = await signIn('admin', 'signet:roles:write')
  for (const [method, to, body] of [
    ['POST', path, { name: 'new', permissions: ['signet:users:read'] }],
    ['PATCH', `${path}/editor`, { permissions: ['signet:roles:write', 'signet:keys:read'] }],
    ['PATCH', `${path}/support`, { permissions: ['posts:read'] }],
    ['DELETE', `${path}/support`],
  ] as const)
    isError(t, await ask(narrow, method, to, { ...(body && { body }), headers: any }), [403, 'insufficient_scope'])
  t.strictSame(await json(['roles', 'list']), before)

  t.equal((await ask(narrow, 'POST', path, { body: { name: 'new', permissions: ['posts:delete'] } })).status, 201)
  const own = { body: { permissions: ['signet:roles:write'] }, headers: any }
  t.equal((await ask(narrow, 'PATCH', `${path}/new`, own)).status, 200)
  t.equal((await ask(admin, 'DELETE', `${path}/support`)).status, 204)
  await json(['roles', 'revoke', 'signet-admin', '--user', 'admin'])
  isError(t, await ask(admin, 'DELETE', `${path}/new`), [401, 'invalid_token'])
})

t.test('of two administrators who change one role at once, one is told that somebody was faster', async t => {
  const { ask, admin, signIn, service, json } = await administered(t)
  await service.users.add({ username: 'second', password, roles: ['signet-admin'] }, byTest)
  const askers = [admin, await signIn('second'), admin]
  for (let round = 0; round < 5; round += 1) {
    const headers = { 'if-match': etagOf(await ask(admin, 'GET', `${path}/editor`)) }
    const answers = await Promise.all(
      askers.map((asker, index) =>
        ask(asker, 'PATCH', `${path}/editor`, { body: { permissions: [`${index}:${round}`] }, headers }),
      ),
    )
    t.same(answers.map(({ status }) => status).toSorted(), [200, 412, 412])
    const winner = answers.find(({ status }) => status === 200)
    t.strictSame(await json(['roles', 'show', 'editor']), winner?.body, 'what was answered is what is stored')
  }
  // One deletes what the other changes.
  const headers = { 'if-match': etagOf(await ask(admin, 'GET', `${path}/editor`)) }
  const [changed, deleted] = await Promise.all([
    ask(admin, 'PATCH', `${path}/editor`, { body: { permissions: ['x'] }, headers }),
    ask(admin, 'DELETE', `${path}/editor`, { headers }),
  ])
  t.ok([changed.status, deleted.status].join() === '200,412' || [changed.status, deleted.status].join() === '404,204')
})

t.test('what a role no longer gives ends at once, and a deleted one is in no client’s hands', async t => {
  const { ask, admin, service, device, refreshed, json } = await administered(t)
  const machines = { grants: ['client_credentials'], scope: ['signet:users:write'], audiences: [service.issuer] }
  await addClient(service, { ...machines, clientId: 'one', mayGrant: ['editor'] })
  await service.roles.add({ name: 'reader', permissions: ['posts:read'] }, byTest)
  await addClient(service, { ...machines, clientId: 'two', mayGrant: ['reader', 'editor'] })
  const alice = await device()
  t.equal((await ask(admin, 'DELETE', `${path}/editor`)).status, 204)
  t.ok(await isListed(alice.access), 'her token is revoked')
  t.same(claimsOf((await refreshed(alice)).access).roles, [])
  t.match(await json(['clients', 'list']), [
    ...[{ client_id: 'account' }, { client_id: 'console' }],
    ...[{ client_id: 'one', may_grant: [] }, { client_id: 'resource' }, { client_id: 'spa' }],
    { client_id: 'two', may_grant: ['reader'] },
  ])
  await ask(admin, 'POST', path, { body: { name: 'editor', permissions: ['everything'] } })
  t.same((await json(['clients', 'show', 'one'])).may_grant, [], 'one of the same name is another role')
  t.same((await json(['users', 'show', 'alice'])).roles, [])
})
