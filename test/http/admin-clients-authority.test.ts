/** /admin/clients: who may do what, and what becomes of sessions and of those who ask at once. */
import t from 'tap'
import { administered, etagOf } from '../support/administered.ts'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { badToken, isListed, tokensOf } from '../support/scene.ts'
import { api, password, secret } from '../support/serve.ts'
import { changeEach, select } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'

// Each has a service of its own.
t.jobs = 2

const path = '/admin/clients'
const any = { 'if-match': '*' }
const shop = 'https://shop.example.com'

t.test('a patch with a status does all of it in one write, and what was ended stays ended', async t => {
  const { ask, admin, service, device, refresh, refreshed, json, appendedLike, fresh } = await administered(t)
  const patch = (body: object) => ask(admin, 'PATCH', `${path}/account`, { body, headers: any })
  const alice = await device()
  await fresh()
  t.match((await patch({ status: 'disabled', scope: ['posts:read'], access_token_ttl: 60 })).body, {
    ...{ status: 'disabled', scope: ['posts:read'], access_token_ttl: 60 },
  })
  await appendedLike(
    { type: 'client.update' },
    { type: 'client.disable' },
    { type: 'session.end', reason: 'client_disabled' },
  )
  t.ok(await isListed(alice.access))
  const enabled = await patch({ status: 'active', scope: ['posts:read', 'posts:write'] })
  t.equal(enabled.body.status, 'active')
  await appendedLike({ type: 'client.update' }, { type: 'client.enable' })
  t.equal((await refresh(alice.refreshToken)).text, badToken)
  await patch({ status: 'active', access_token_ttl: null })
  t.equal((await fresh()).filter(({ type }) => type === 'client.enable').length, 0, 'what is as it was is no act')

  // More sessions than one write changes, narrowed by a form that sends the status back: it waits for nothing of its own.
  const bob = await device()
  const {
    id: _,
    handle_hash: __,
    ...row
  } = select(service.databaseFile, 'select * from sessions where id = ?', bob.sid)[0] ?? {}
  const columns = Object.keys(row).join(', ')
  const copy = `insert into sessions (id, handle_hash, ${columns}) select ?, ?, ${columns} from sessions where id = ?`
  const ids = Array.from({ length: 250 }, (_, index) => `session_copy_${1000 + index}`)
  changeEach(
    service.databaseFile,
    copy,
    ids.map(id => [id, id, bob.sid]),
  )
  t.equal((await patch({ status: 'active', scope: ['posts:read'] })).status, 200)
  t.ok(await isListed(bob.access))
  t.same(select(service.databaseFile, 'select id from cascades'), [])
  t.equal((await refreshed(bob)).access.length > 0, true)
  t.equal((await ask(admin, 'DELETE', `${path}/account`)).status, 204)
  t.same(
    select(service.databaseFile, "select id from sessions where ended_at_ms is null and id like 'session_copy_%'"),
    [],
  )
  t.equal(
    (await json(['clients', 'list'])).some(({ client_id }: { client_id: string }) => client_id === 'account'),
    false,
  )
})

t.test('nobody gives, changes or ends a client beyond the own permissions and the token’s', async t => {
  const { ask, admin, service, someoneWith, machineWith, signIn, json } = await administered(t)
  const WRITE = 'signet:clients:write'
  const settings = { grants: ['password'], audiences: [api] }
  await addClient(service, { ...settings, clientId: 'reads', scope: ['posts:read'] })
  await addClient(service, { ...settings, clientId: 'manages', scope: ['signet:users:write'] })
  await addClient(service, { ...settings, clientId: 'whatever', scope: ['*'] })
  await addClient(service, { ...settings, clientId: 'asks', scope: [], introspect: [api] })
  const machine = { grants: ['client_credentials'], scope: [], audiences: [service.issuer] }
  await addClient(service, { ...machine, clientId: 'grants', mayGrant: ['editor'] })
  await addClient(service, { ...settings, clientId: 'forwards', scope: ['posts:read'], forwardsAddress: 'x-from' })
  const acts = (id: string) =>
    [
      ['PATCH', `${path}/${id}`, { status: 'disabled' }],
      ['PATCH', `${path}/${id}`, { scope: [] }],
      ['DELETE', `${path}/${id}`],
      ['POST', `${path}/${id}/secrets`, {}],
      ['DELETE', `${path}/${id}/secrets/secret_0`],
    ] as const
  const refusedAt = async (asker: { access: string }, list: readonly (readonly [string, string, object?])[]) => {
    for (const [method, to, body] of list) {
      const answer = await ask(asker, method, to, { ...(body && { body }), headers: any })
      isError(t, answer, [403, 'insufficient_scope'])
    }
  }
  // That the administrator's client was used is written beside its sign-in.
  await until(async () => (await json(['clients', 'show', 'console'])).secrets[0].last_used_at !== null)
  const before = await json(['clients', 'list'])
  const [writer, asMachine] = [await someoneWith([WRITE, 'posts:read']), await machineWith([WRITE, 'posts:read'])]
  const patch = (id: string, body: object) => ['PATCH', `${path}/${id}`, body] as const
  for (const asker of [writer, asMachine]) {
    for (const id of ['manages', 'whatever', 'web-app']) await refusedAt(asker, acts(id))
    await refusedAt(asker, [
      ...[
        ['POST', path, { client_id: 'new', scope: ['posts:write'] }],
        ['POST', path, { client_id: 'new', scope: ['*'] }],
      ],
      ...[
        ['POST', path, { client_id: 'new', audiences: [api] }],
        ['POST', path, { client_id: 'new', access_token_ttl: 60 }],
      ],
      ...[
        patch('reads', { audiences: [shop] }),
        patch('reads', { introspect: [api] }),
        patch('reads', { scope: ['*'] }),
      ],
      ...[patch('reads', { origins: ['https://a.example.com'] }), patch('reads', { access_token_ttl: 60 })],
      ...[patch('reads', { grants_per_minute: 1 }), patch('reads', { scope: ['posts:read', 'posts:write'] })],
      ...[
        ['POST', `${path}/asks/secrets`, {}],
        ['POST', `${path}/grants/secrets`, {}],
        ['POST', `${path}/forwards/secrets`, {}],
        patch('reads', { forwards_address: 'x-from' }),
      ],
    ] as (readonly [string, string, object?])[])
  }
  // An administrator's token of this one permission: of the others of Signet itself it gives and ends none.
  const narrow = await signIn('admin', WRITE)
  await refusedAt(narrow, acts('manages'))
  await refusedAt(narrow, [['POST', path, { client_id: 'new', scope: ['signet:users:write'] }]])
  t.strictSame(
    (await json(['clients', 'list'])).filter(
      ({ client_id }: { client_id: string }) => !client_id.startsWith('machine'),
    ),
    before,
  )

  t.equal((await ask(writer, 'POST', path, { body: { client_id: 'new', scope: ['posts:read'] } })).status, 201)
  t.equal((await ask(writer, 'POST', `${path}/reads/secrets`, { body: {} })).status, 201)
  t.equal((await ask(writer, 'PATCH', `${path}/reads`, { body: { grants: [] }, headers: any })).status, 200)
  t.equal((await ask(writer, 'PATCH', `${path}/reads`, { body: { status: 'disabled' } })).status, 200)
  t.equal((await ask(writer, 'DELETE', `${path}/reads`)).status, 204)
  const wide = { audiences: [api, shop], scope: ['*'], origins: ['https://a.example.com'], access_token_ttl: 60 }
  t.equal(
    (await ask(narrow, 'PATCH', `${path}/web-app`, { body: wide, headers: any })).status,
    200,
    'it is an administrator',
  )
  for (const id of ['asks', 'grants', 'forwards']) {
    t.equal((await ask(admin, 'POST', `${path}/${id}/secrets`, { body: {} })).status, 201)
    await json(['clients', 'disable', id])
    await refusedAt(writer, [patch(id, { status: 'active' })])
    t.equal((await ask(admin, 'PATCH', `${path}/${id}`, { body: { status: 'active' } })).status, 200)
  }
})

t.test('of those who change one client, or add one id, at once, one does', async t => {
  const { ask, admin, json } = await administered(t)
  for (let round = 0; round < 4; round += 1) {
    const headers = { 'if-match': etagOf(await ask(admin, 'GET', `${path}/web-app`)) }
    const patched = await Promise.all(
      [1, 2, 3].map(who => ask(admin, 'PATCH', `${path}/web-app`, { body: { scope: [`${who}:${round}`] }, headers })),
    )
    t.same(patched.map(({ status }) => status).toSorted(), [200, 412, 412])
    t.strictSame(await json(['clients', 'show', 'web-app']), patched.find(({ status }) => status === 200)?.body)
    const added = await Promise.all(
      [1, 2, 3].map(() => ask(admin, 'POST', path, { body: { client_id: `new-${round}` } })),
    )
    t.same(added.map(({ status }) => status).toSorted(), [201, 409, 409])
  }
})

t.test('whoever signed in long ago reads, and changes no role and no client', async t => {
  const { ask, admin, service, clock } = await administered(t)
  const client = ['console', secret] as const
  const signIn = await service.token({ grant_type: 'password', username: 'admin', password }, { client })
  clock.advance(1_801_000)
  const form = { grant_type: 'refresh_token', refresh_token: signIn.body.refresh_token }
  const later = tokensOf(await service.token(form, { client }))
  t.not(later.access, admin.access)
  for (const to of [path, `${path}/spa`, '/admin/roles', '/admin/roles/editor'])
    t.equal((await ask(later, 'GET', to)).status, 200)
  for (const [method, to, body] of [
    ['POST', path, { client_id: 'new' }],
    ['PATCH', `${path}/spa`, { status: 'disabled' }],
    ['DELETE', `${path}/spa`],
    ['POST', `${path}/web-app/secrets`, {}],
    ['DELETE', `${path}/web-app/secrets/secret_0`],
    ['POST', '/admin/roles', { name: 'new', permissions: ['x'] }],
    ['PATCH', '/admin/roles/editor', { permissions: ['x'] }],
    ['DELETE', '/admin/roles/editor'],
  ] as const)
    isError(t, await ask(later, method, to, { ...(body && { body }), headers: any }), [
      401,
      'insufficient_user_authentication',
    ])
})
