/** Who may do what to whom at /admin/users: asked before anything that costs something, and again inside the write. */
import t, { type Test } from 'tap'
import { type Asker, administered } from '../support/administered.ts'
import { isError } from '../support/error-shape.ts'
import { type Answer, byTest, password } from '../support/serve.ts'
import { heldHasher, pathOf, usersOverHttp } from '../support/users-over-http.ts'

const another = 'another battery staple 10'

const hashing = heldHasher()
const its = await administered(t, { faults: hashing.faults })
const { service, ask, admin, json, appendedLike, fresh, someoneWith, machineWith, attempt } = its
const { add, patch, show, etagOf, setRoles, act, someone } = usersOverHttp(its)

await service.roles.add({ name: 'reader', permissions: ['posts:read'] }, byTest)

/** Every act on a user, each of which would be refused before it is done. */
const actsOn = (id: string, by: Asker): Readonly<Record<string, () => Promise<Answer>>> => ({
  rename: () => patch(id, { username: `renamed-${id}` }, {}, by),
  roles: () => setRoles(id, [], by),
  password: () => act(id, 'set-password', { password: another }, { by }),
  unlock: () => act(id, 'unlock', undefined, { by }),
  ticket: () => act(id, 'password-tickets', { client_id: 'spa' }, { by }),
  disable: () => patch(id, { status: 'disabled' }, {}, by),
  delete: () => ask(by, 'DELETE', pathOf(id)),
})

async function allRefused(t: Test, id: string, by: Asker, status: number, error: string): Promise<void> {
  const before = (await ask(admin, 'GET', pathOf(id))).text
  const hashed = hashing.count()
  await fresh()
  for (const [name, doIt] of Object.entries(actsOn(id, by))) {
    const answer = await doIt()
    t.match([answer.status, answer.body.error], [status, error], name)
  }
  await appendedLike()
  t.equal(hashing.count(), hashed, 'nothing is hashed for whoever may not')
  t.equal((await ask(admin, 'GET', pathOf(id))).text, before)
}

t.test('nobody acts on a user beyond the own permissions, nor gives what is beyond them', async t => {
  const [reader, plain] = [await someone(['reader']), await someone()]
  const write = ['signet:users:write']
  const support = await someoneWith(write)
  const powerful = await someoneWith([...write, 'signet:roles:write', 'posts:read'], write.join(' '))
  await allRefused(t, admin.id, support, 403, 'insufficient_scope')
  await allRefused(t, reader, support, 403, 'insufficient_scope')
  await allRefused(t, powerful.id, powerful, 403, 'insufficient_scope')
  const narrow = await its.signIn('admin', write.join(' '))
  await allRefused(t, powerful.id, narrow, 403, 'insufficient_scope')
  const given = [
    await add({ username: 'grown', password, roles: ['signet-admin'] }, support),
    await add({ username: 'grown', password, roles: ['reader'] }, support),
    await setRoles(plain, ['reader'], support),
    await setRoles(support.id, ['signet-admin'], support),
    await setRoles(plain, ['reader'], powerful),
    await setRoles(plain, ['signet-admin'], narrow),
  ]
  for (const answer of given) t.match([answer.status, answer.body.error], [403, 'insufficient_scope'])

  for (const [name, doIt] of Object.entries(actsOn(plain, support))) t.ok((await doIt()).status < 300, name)
  t.equal((await add({ username: 'grown', password }, support)).status, 201)
  t.equal((await act(reader, 'unlock', undefined, { by: powerful })).status, 204, 'one whose permissions one has')

  const machine = await machineWith(['signet:users:read', 'signet:users:write'], ['reader'])
  const { body: signedUp } = await add({ username: 'signed-up', roles: ['reader'] }, machine)
  t.match(signedUp, { username: 'signed-up', roles: ['reader'] })
  t.equal((await attempt({ username: 'signed-up', password: '' })).status, 400)
  await allRefused(t, await someone(['editor']), machine, 403, 'insufficient_scope')
  t.equal((await setRoles(signedUp.user_id, ['editor'], machine)).status, 403)
  for (const [name, doIt] of Object.entries(actsOn(signedUp.user_id, machine))) t.ok((await doIt()).status < 300, name)
  t.match((await fresh()).at(-1), { type: 'user.delete', actor: `client:${machine.id}`, user_id: signedUp.user_id })
})

t.test('rights that were taken while a password was hashed are asked for again inside the write', async t => {
  const id = await someone(['reader'])
  const acts: Readonly<Record<string, (by: Asker) => Promise<Answer>>> = {
    'set-password': by => act(id, 'set-password', { password: another }, { by }),
    add: by => add({ username: 'in-between', password }, by),
  }
  for (const [name, doIt] of Object.entries(acts)) {
    const support = await someoneWith(['signet:users:write', 'posts:read'])
    const { roles, username } = await show(support.id)
    await fresh()
    const answer = await hashing.during(
      () => doIt(support),
      () => json(['roles', 'revoke', roles[0], '--user', username]),
    )
    t.match([answer.status, answer.body.error], [403, 'insufficient_scope'], name)
    await appendedLike({ type: 'role.revoke' })
  }
  const user = await show(id)
  const support = await someoneWith(['signet:users:write', 'posts:read'])
  const set = () => act(id, 'set-password', { password: another }, { by: support })
  const answer = await hashing.during(set, () => json(['roles', 'grant', 'editor', '--user', user.username]))
  t.match([answer.status, answer.body.error], [403, 'insufficient_scope'], 'the user has more than a moment ago')
  t.equal((await attempt({ username: user.username })).status, 200)
})

t.test('the last administrator can be taken away at the command line alone', async t => {
  const { userId } = await service.users.add({ username: 'root', password, roles: ['signet-admin'] }, byTest)
  const root = await its.signIn('root')
  const [mine, others] = [await etagOf(admin.id), await etagOf(userId)]
  const taken = await Promise.all([patch(userId, { roles: [] }, others), patch(admin.id, { roles: [] }, mine, root)])
  const [left, gone] = taken[0].status === 200 ? [admin, root] : [root, admin]
  const refused = taken.filter(({ status }) => status !== 200)
  t.equal(refused.length, 1, 'of two who take it from each other one is left')
  t.ok([401, 403, 409].includes(refused[0]?.status ?? 0))
  for (const [name, doIt] of Object.entries(actsOn(left.id, left)).filter(([name]) => /disable|delete/.test(name)))
    t.match(await doIt(), { status: 409, body: { error: 'conflict' } }, name)
  const { headers } = await ask(left, 'GET', pathOf(left.id))
  isError(t, await patch(left.id, { roles: [] }, { 'if-match': headers.get('etag') ?? '' }, left), [409, 'conflict'])
  const { username } = (await ask(left, 'GET', pathOf(left.id))).body
  await json(['roles', 'revoke', 'signet-admin', '--user', username])
  const { username: other } = await service.users.find({ userId: gone.id })
  await json(['roles', 'grant', 'signet-admin', '--user', other])
  await json(['users', 'disable', other])
  t.equal((await ask(gone, 'GET', '/admin/users')).status, 401)
})
