import { userInfo } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Faults } from '../src/compose/sources.ts'
import { noSettings } from '../src/records/client.ts'
import { rowsOf } from './support/audit.ts'
import { testClock } from './support/clock.ts'
import { signet } from './support/command-line.ts'
import { scene } from './support/scene.ts'
import { api, auditsAll, byTest, password, refresh, secret, serve, signIn, temporaryFolder } from './support/serve.ts'
import { everythingIn } from './support/sqlite.ts'

const newPassword = 'another battery staple 10'
const operator = { actor: 'operator:test', address: null, user_agent: null, request_id: null }

t.test('each act of an operator on users and roles appends its events: who did what to whom, and when', async t => {
  const { service, clock, userId: alice, appended } = await scene(t)
  const { users, roles } = service
  const { userId } = await users.add({ username: 'carol', password, roles: ['editor'] }, byTest)
  await appended(
    'users add',
    operator,
    { type: 'user.add', user_id: userId },
    { type: 'role.grant', user_id: userId, target: 'editor' },
  )
  clock.advance(1)
  await users.setPassword('carol', newPassword, byTest)
  await appended('users set-password', operator, { type: 'user.set_password', user_id: userId })
  clock.advance(1)
  const acts = { disabled: 'user.disable', active: 'user.enable', deleted: 'user.delete' } as const
  for (const status of ['disabled', 'active', 'deleted'] as const) {
    await users.setStatus('carol', status, byTest)
    await appended(`users ${status}`, operator, { type: acts[status], user_id: userId })
  }

  const author = { name: 'author', permissions: ['posts:read'] }
  await roles.add(author, byTest)
  await appended('roles add', operator, { type: 'role.add', target: 'author' })
  await roles.update(author, byTest)
  await appended('roles update', operator, { type: 'role.update', target: 'author' })
  for (const _ of ['once', 'to no effect']) await roles.grant('author', 'alice', byTest)
  await appended('roles grant', operator, { type: 'role.grant', target: 'author', user_id: alice })
  for (const _ of ['once', 'to no effect']) await roles.revoke('author', 'alice', byTest)
  await appended('roles revoke', operator, { type: 'role.revoke', target: 'author', user_id: alice })
  await roles.delete('author', byTest)
  await appended('roles delete', operator, { type: 'role.delete', target: 'author' })
})

t.test('each act of an operator on clients appends one event, and one for each secret that goes with it', async t => {
  const { service, appended } = await scene(t)
  const { clients } = service
  const added = await clients.add({ ...noSettings, clientId: 'new', isPublic: false, secret: undefined }, byTest)
  const { id } = added.client
  const first = { client_id: id, target: added.secretId ?? '' }
  await appended('clients add', operator, { type: 'client.add', ...first })
  await clients.update('new', { audiences: [api] }, byTest)
  await appended('clients update', operator, { type: 'client.update', client_id: id })
  const { secretId = '' } = await clients.addSecret('new', { name: 'x', secret, ttlSeconds: 60 }, byTest)
  await appended('clients add-secret', operator, { type: 'client.add_secret', client_id: id, target: secretId })
  await clients.removeSecret('new', secretId, byTest)
  await appended('clients remove-secret', operator, { type: 'client.remove_secret', client_id: id, target: secretId })
  const acts = { disabled: 'client.disable', active: 'client.enable', deleted: 'client.delete' } as const
  for (const status of ['disabled', 'active', 'deleted'] as const) {
    await clients.setStatus('new', status, byTest)
    const goes = { type: 'client.remove_secret', reason: 'client_deleted', ...first }
    const more = status === 'deleted' ? [goes] : []
    await appended(`clients ${status}`, operator, { type: acts[status], client_id: id }, ...more)
  }
})

t.test('where sessions end with an act, one event more says so and why', async t => {
  const { service, userId, clientId, fresh, appended } = await scene(t)
  const { users, clients } = service
  const client = { client_id: clientId }
  const user = { user_id: userId }
  const ended = 'session.end'
  await signIn(service)
  await fresh()
  await clients.setStatus('web-app', 'disabled', byTest)
  await appended(
    'client',
    operator,
    { type: 'client.disable', ...client },
    { type: ended, reason: 'client_disabled', ...client },
  )
  await clients.setStatus('web-app', 'active', byTest)
  await signIn(service)
  await fresh()
  await users.setPassword('alice', newPassword, byTest)
  await appended(
    'password',
    operator,
    { type: 'user.set_password', ...user },
    { type: ended, reason: 'password_changed', ...user },
  )
  await users.setStatus('alice', 'deleted', byTest)
  await appended('user, with no session left', operator, { type: 'user.delete', ...user })
})

t.test('the command line is named by the account that runs it', async t => {
  const { service, appendedLike } = await scene(t)
  t.equal((await signet(service.environment, ['users', 'disable', 'alice'])).code, 0)
  const actor = `operator:${userInfo().username}`
  await appendedLike({ ...operator, type: 'user.disable', outcome: 'success', actor })
})

t.test('the first keys append one event each, and a restart none', async t => {
  const clock = testClock()
  const service = await serve(t, { clock })
  const keys = rowsOf<{ kid: string; state: string }>(service.databaseFile, 'signing_keys')
  const events = rowsOf(service.databaseFile)
  t.equal(keys.length, 2)
  t.equal(events.length, 3)
  const common = { type: 'signing_key.add', outcome: 'success', actor: 'signet', occurred_at_ms: clock.now() }
  t.match(events, [
    ...keys.map(({ kid, state }) => ({ ...common, target: kid, reason: state })),
    { ...common, type: 'audit_key.add', target: rowsOf<{ kid: string }>(service.databaseFile, 'audit_keys')[0]?.kid },
  ])
  await service.stop()
  await serve(t, { clock, folder: service.folder })
  t.strictSame(rowsOf(service.databaseFile), events)
})

t.test('an act that is refused appends nothing and leaves nothing half-done', async t => {
  const { service } = await scene(t)
  const { users, roles, clients } = service
  const before = everythingIn(service.databaseFile)
  const refused: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['a name that is taken', () => users.add({ username: 'ALICE', password, roles: [] }, byTest)],
    ['a new name that is taken', () => users.rename('alice', { username: 'BOB' }, byTest)],
    ['a role that does not exist', () => users.add({ username: 'carol', password, roles: ['editor', 'none'] }, byTest)],
    ['a short password', () => users.setPassword('alice', 'short', byTest)],
    ['an unknown user', () => users.setStatus('carol', 'disabled', byTest)],
    ['a role that is there', () => roles.add({ name: 'editor', permissions: ['a:b'] }, byTest)],
    ['a bad permission', () => roles.update({ name: 'editor', permissions: ['a:b', 'c d'] }, byTest)],
    ['a role for nobody', () => roles.grant('editor', 'carol', byTest)],
    [
      'an id that is taken',
      () => clients.add({ ...noSettings, clientId: 'spa', isPublic: true, secret: undefined }, byTest),
    ],
    ['a bad origin', () => clients.update('spa', { scope: ['a:b'], origins: ['x'] }, byTest)],
    ['a secret for a page', () => clients.addSecret('spa', { name: 'x', secret, ttlSeconds: 1 }, byTest)],
    ['an unknown secret', () => clients.removeSecret('web-app', 'secret_0', byTest)],
  ]
  for (const [title, act] of refused) {
    await t.rejects(act(), { name: title === 'a short password' ? 'PasswordRefused' : 'AccountError' }, title)
    t.strictSame(everythingIn(service.databaseFile), before, title)
  }
})

t.test('an act whose event cannot be appended does not happen', async t => {
  let broken = false
  const write: Faults['write'] = real => work =>
    real(stores => {
      const append = async () => {
        throw new Error('the audit is broken')
      }
      return work(broken ? { ...stores, audit: { ...stores.audit, append } } : stores)
    })
  const { service } = await scene(t, { faults: { write }, environment: auditsAll })
  const { users, roles, clients } = service
  const { body } = await signIn(service)
  const before = everythingIn(service.databaseFile)
  const author = { name: 'author', permissions: ['posts:read'] }
  const acts: Readonly<Record<string, () => Promise<unknown>>> = {
    'users add': () => users.add({ username: 'carol', password, roles: ['editor'] }, byTest),
    'users set-password': () => users.setPassword('alice', newPassword, byTest),
    'users rename': () => users.rename('alice', { username: 'al' }, byTest),
    'users disable': () => users.setStatus('alice', 'disabled', byTest),
    'users delete': () => users.setStatus('alice', 'deleted', byTest),
    'roles add': () => roles.add(author, byTest),
    'roles update': () => roles.update({ ...author, name: 'editor' }, byTest),
    'roles revoke': () => roles.revoke('editor', 'alice', byTest),
    'roles delete': () => roles.delete('editor', byTest),
    'clients add': () => clients.add({ ...noSettings, clientId: 'new', isPublic: true, secret: undefined }, byTest),
    'clients update': () => clients.update('spa', { origins: ['https://x.example'] }, byTest),
    'clients add-secret': () => clients.addSecret('web-app', { name: 'x', secret, ttlSeconds: 60 }, byTest),
    'clients disable': () => clients.setStatus('web-app', 'disabled', byTest),
  }
  broken = true
  for (const [title, act] of Object.entries(acts)) {
    await t.rejects(act(), /audit is broken/, title)
    t.strictSame(everythingIn(service.databaseFile), before, title)
  }
  for (const request of [() => signIn(service), () => refresh(service, body.refresh_token)]) {
    const answer = await request()
    t.strictSame([answer.status, answer.body.error], [500, 'server_error'])
    t.strictSame(everythingIn(service.databaseFile), before)
  }
  broken = false
  t.equal((await refresh(service, body.refresh_token)).status, 200, 'the refresh token was not consumed')
})

t.test('no key is there whose event could not be appended', async t => {
  const write: Faults['write'] = real => work =>
    real(stores =>
      work({
        ...stores,
        audit: {
          ...stores.audit,
          append: async event => {
            if (event.type === 'signing_key.add' && event.reason === 'pending') throw new Error('the audit is broken')
            await stores.audit.append(event)
          },
        },
      }),
    )
  const folder = temporaryFolder(t)
  await t.rejects(serve(t, { faults: { write }, folder }), /audit is broken/)
  const databaseFile = join(folder, 'db', 'signet.sqlite')
  t.strictSame(rowsOf(databaseFile, 'signing_keys'), [])
  t.strictSame(rowsOf(databaseFile), [])
  await serve(t, { folder })
  t.equal(rowsOf(databaseFile, 'signing_keys').length, 2, 'the next start makes them')
})
