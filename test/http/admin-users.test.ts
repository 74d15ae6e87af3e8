import t from 'tap'
import { administered, needsPermission, pagesOf, saysOfFields } from '../support/administered.ts'
import { isError } from '../support/error-shape.ts'
import { isListed } from '../support/scene.ts'
import { type Answer, byTest, password } from '../support/serve.ts'
import { watchStatements } from '../support/statements.ts'
import { heldHasher, pathOf, usersOverHttp } from '../support/users-over-http.ts'

const another = 'another battery staple 10'

const hashing = heldHasher()
const its = await administered(t, { faults: hashing.faults })
const { service, ask, admin, json, appendedLike, fresh, attempt } = its
const { add, patch, show, etagOf, setRoles, act, someone } = usersOverHttp(its)

await service.roles.add({ name: 'reader', permissions: ['posts:read'] }, byTest)

t.test('a user is added, found, changed in one write and deleted, as the command line shows it', async t => {
  await fresh()
  const created = await add({ username: 'Dave', password, roles: ['reader', 'editor', 'reader'] })
  const { status, headers, body: dave } = created
  t.equal(status, 201)
  t.strictSame({ ...dave, last_sign_in: null }, await json(['users', 'show', 'dave']))
  t.strictSame(
    { ...dave, user_id: '', created_at: '' },
    {
      ...{ user_id: '', username: 'Dave', status: 'active', roles: ['editor', 'reader'], created_at: '' },
    },
  )
  t.equal(headers.get('location'), pathOf(dave.user_id))
  const by = { outcome: 'success', actor: `user:${admin.id}`, user_id: dave.user_id, user_agent: 'node' }
  const given = { ...by, type: 'role.grant' }
  await appendedLike({ ...by, type: 'user.add' }, { ...given, target: 'editor' }, { ...given, target: 'reader' })
  t.equal((await attempt({ username: 'dave', clientId: 'account' })).status, 200)
  await fresh()

  const read = await ask(admin, 'GET', pathOf(dave.user_id))
  t.strictSame([read.status, read.body], [200, dave])
  t.equal(read.headers.get('etag'), headers.get('etag'))
  const etag = read.headers.get('etag') ?? ''
  t.equal((await ask(admin, 'GET', pathOf(dave.user_id), { headers: { 'if-none-match': etag } })).status, 304)

  const change = { username: 'david', status: 'disabled', roles: ['reader'] }
  const changed = await patch(dave.user_id, change, { 'if-match': etag })
  t.strictSame([changed.status, changed.body], [200, { ...dave, ...change }])
  await appendedLike(
    { ...by, type: 'user.rename' },
    { ...by, type: 'role.revoke', target: 'editor' },
    { ...by, type: 'user.disable' },
    { type: 'session.end', reason: 'user_disabled', count: 1, actor: by.actor },
  )
  const again = await patch(dave.user_id, change, { 'if-match': changed.headers.get('etag') ?? '' })
  t.strictSame(again.body, changed.body)
  t.match(await patch(dave.user_id, { status: 'active' }), { status: 200, body: { status: 'active' } })
  await fresh()
  t.equal((await patch(dave.user_id, { ...change, status: 'active' }, await etagOf(dave.user_id))).status, 200)
  await appendedLike()

  const removed = await ask(admin, 'DELETE', pathOf(dave.user_id))
  t.equal(removed.status, 204)
  await appendedLike({ ...by, type: 'user.delete' })
  for (const [method, path, body] of [
    ['GET', '', undefined],
    ['PATCH', '', { username: 'x' }],
    ['DELETE', '', undefined],
    ['POST', '/set-password', { password }],
    ['POST', '/unlock', undefined],
    ['POST', '/password-tickets', { client_id: 'spa' }],
  ] as const)
    for (const userId of [dave.user_id, 'user_none', 'x%20y'])
      isError(t, await ask(admin, method, pathOf(userId) + path, body && { body }), [404, 'not_found'])
})

t.test('users are listed in pages, and looked for by name, status and role', async t => {
  await service.roles.add({ name: 'paged', permissions: ['posts:read'] }, byTest)
  const ids: string[] = []
  for (let each = 0; each < 5; each += 1) ids.push(await someone(['paged']))
  for (const limit of [1, 2, 5, 1000])
    t.same(
      (await pagesOf(its, '/admin/users?role=paged', 'users', limit)).flat().map(({ user_id }) => user_id),
      ids,
    )
  const all = (await pagesOf(its, '/admin/users', 'users', 2)).flat()
  t.strictSame(all, await json(['users', 'list']))
  const listed = async (query: string) => (await ask(admin, 'GET', `/admin/users?${query}`)).body.users
  const { last_sign_in: _, ...alice } = await json(['users', 'show', 'alice'])
  t.strictSame(await listed('username=%EF%BC%A1lice'), [alice])
  t.strictSame(await listed('username=ali'), [])
  await patch(ids[0] ?? '', { status: 'disabled' })
  t.match(await listed('status=disabled&role=paged'), [{ user_id: ids[0] }])
  for (const role of ['reader', 'editor']) {
    await json(['users', 'add', 'gone', '--password-stdin', '--role', role, '--reuse-name'], password)
    await json(['users', 'delete', 'gone'])
  }
  const gone = (await pagesOf(its, '/admin/users?status=deleted', 'users', 1)).flat()
  t.strictSame(gone, await json(['users', 'list', '--status', 'deleted']))
  t.equal(gone.filter(({ username }) => username === 'gone').length, 2)
  const badCursors = [
    'x',
    'bm8',
    Buffer.from('["a"]').toString('base64url'),
    Buffer.from('[1,2]').toString('base64url'),
    Buffer.from('["\\u0000","a"]').toString('base64url'),
    Buffer.from('["a","\\u0000"]').toString('base64url'),
  ]
  for (const query of [...badCursors.map(cursor => `cursor=${cursor}`), 'status=gone', 'limit=1001', 'role=a&role=b'])
    isError(t, await ask(admin, 'GET', `/admin/users?${query}`), [400, 'invalid_request'])
})

t.test('what is wrong is said field by field, all at once, and nothing happens', async t => {
  const id = await someone()
  const taken = await someone()
  const { username } = await show(taken)
  await fresh()
  const hashed = hashing.count()
  const none = /There is no such role: number 2/
  saysOfFields(t, await add({ username: ' x', password: 'short', roles: ['reader', 'none'] }), {
    ...{ username: /white space/, password: /shorter than 15/, roles: none },
  })
  saysOfFields(t, await add({ password: 1, roles: 'reader', name: 'x' }), {
    ...{ username: /needed/, password: /text/, roles: /list/, name: /no such member/ },
  })
  saysOfFields(t, await add({ username: 'new', password, roles: ['reader', 'a\nb'] }), { roles: none })
  saysOfFields(t, await add({ username: 'new-user-name', password: 'new-user-name-1' }), {
    password: /common password/,
  })
  const everyRole = { 'if-match': '*' }
  saysOfFields(t, await patch(id, { username: '\u0001', roles: ['reader', 'none'] }, everyRole), {
    ...{ username: /control/, roles: none },
  })
  saysOfFields(t, await patch(id, { status: 'deleted', username: null, password }), {
    ...{ status: /one of active, disabled/, username: /text/, password: /no such member/ },
  })
  saysOfFields(t, await patch(id, {}), { '': /what to change/ })
  const setPassword = (body: object) => ask(admin, 'POST', `${pathOf(id)}/set-password`, { body })
  saysOfFields(t, await setPassword({ password: 'short' }), { password: /shorter/ })
  saysOfFields(t, await setPassword({}), { password: /needed/ })
  for (const answer of [await add({ username: username.toUpperCase(), password }), await patch(id, { username })])
    isError(t, answer, [409, 'conflict'])
  t.equal(hashing.count(), hashed)
  await appendedLike()

  const unknown = Array.from({ length: 5000 }, (_, index) => `none-${index}`)
  const { answer, statements } = await watchStatements(t)(() => add({ username: 'many', roles: unknown }))
  saysOfFields(t, answer, { roles: /number 1 / })
  t.ok(statements.length < 20, 'nobody makes the service look for thousands of roles')

  for (const body of ['', '[]', '"x"', '{', 'null'])
    isError(t, await ask(admin, 'POST', '/admin/users', { body }), [400, 'invalid_request'])
  const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'username=x' }
  isError(t, await ask(admin, 'POST', '/admin/users', form), [415, 'invalid_request'])
})

t.test('over HTTP nobody gets a name that another user had, nor one of mixed scripts', async t => {
  const [first, second] = [await someone(), await someone()]
  const { username: former } = await show(first)
  t.equal((await patch(first, { username: 'renamed' })).status, 200)
  t.equal((await patch(first, { username: former.toUpperCase() })).status, 200, 'its own')
  t.equal((await patch(first, { username: 'Renamed' })).status, 200)
  for (const answer of [await add({ username: former, password }), await patch(second, { username: former })])
    isError(t, answer, [409, 'conflict'])
  saysOfFields(t, await add({ username: former, password, reuse_name: true }), { reuse_name: /no such member/ })
  await ask(admin, 'DELETE', pathOf(first))
  isError(t, await add({ username: 'renamed', password }), [409, 'conflict'])

  const mixed = 'аlice-2'
  for (const answer of [await add({ username: mixed, password }), await patch(second, { username: mixed })])
    saysOfFields(t, answer, { username: /mixes Latin, Greek and Cyrillic/ })
  t.equal((await add({ username: 'алиса', password })).status, 201)
  const { user_id } = await json(['users', 'add', mixed, '--password-stdin'], password)
  t.equal(
    (await patch(user_id, { username: mixed, status: 'disabled' })).status,
    200,
    'what the command line gave stays',
  )
})

t.test('If-Match is honoured by every write, and needed with roles', async t => {
  const id = await someone(['reader'])
  await fresh()
  const stale = { 'if-match': '"stale"' }
  const writes = (headers: Readonly<Record<string, string>>): readonly Promise<Answer>[] => [
    patch(id, { username: 'x' }, headers),
    patch(id, { status: 'disabled' }, headers),
    patch(id, { roles: [] }, headers),
    act(id, 'set-password', { password: another }, { headers }),
    act(id, 'unlock', undefined, { headers }),
    act(id, 'password-tickets', { client_id: 'spa' }, { headers }),
    ask(admin, 'DELETE', pathOf(id), { headers }),
  ]
  for (const answer of await Promise.all(writes(stale))) isError(t, answer, [412, 'precondition_failed'])
  isError(t, await patch(id, { roles: [] }), [428, 'precondition_required'])
  await appendedLike()
  const seen = await etagOf(id)
  const both = await Promise.all([patch(id, { roles: [] }, seen), patch(id, { roles: ['editor'] }, seen)])
  t.same(both.map(({ status }) => status).toSorted(), [200, 412], 'of two who saw the same one wins')
  t.equal((await act(id, 'unlock', undefined, { headers: await etagOf(id) })).status, 204)
})

t.test('a role that is taken ends the access tokens that may name it, and a status ends the sessions', async t => {
  const id = await someone(['reader', 'editor'])
  const { username } = await show(id)
  const device = await its.device({ username })
  t.equal((await setRoles(id, ['reader'])).status, 200)
  t.ok(await isListed(device.access))
  const next = await its.refreshed(device)
  t.equal((await setRoles(id, ['editor', 'reader'])).status, 200, 'one that is given ends nothing')
  t.notOk(await isListed(next.access))
  await json(['roles', 'revoke', 'editor', '--user', username])
  t.ok(await isListed(next.access), 'as at the command line')
  t.equal((await patch(id, { status: 'disabled' })).status, 200)
  t.equal((await its.refresh(device.refreshToken)).status, 400)
  t.equal((await patch(id, { status: 'active' })).status, 200)
  t.equal((await its.refresh(device.refreshToken)).status, 400, 'what has ended stays ended')

  const last = await its.device({ username })
  t.equal((await act(id, 'set-password', { password: another })).status, 204)
  t.ok(await isListed(last.access))
  t.equal((await attempt({ username })).status, 400)
  t.equal((await attempt({ username, password: another })).status, 200)
})

t.test('every route takes its permission', async t => {
  const fine = await administered(t)
  const { userId } = fine
  await needsPermission(t, fine, 'signet:users:read', [
    ['GET', '/admin/users'],
    ['GET', pathOf(userId)],
  ])
  await needsPermission(t, fine, 'signet:users:write', [
    ['POST', '/admin/users', { username: 'x' }],
    ['PATCH', pathOf(userId), { username: 'x' }],
    ['DELETE', pathOf(userId)],
    ['POST', `${pathOf(userId)}/set-password`, { password }],
    ['POST', `${pathOf(userId)}/unlock`],
    ['POST', `${pathOf(userId)}/password-tickets`, { client_id: 'spa' }],
  ])
})
