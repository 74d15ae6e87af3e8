/** /admin/clients: the same as the command line, with errors by field. */
import t from 'tap'
import { administered, etagOf, needsPermission, pagesOf, saysOfFields } from '../support/administered.ts'
import { isError } from '../support/error-shape.ts'
import { type Answer, api } from '../support/serve.ts'
import { changeEach, everythingIn, rowsIn } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'

// Each has a service of its own.
t.jobs = 2

const path = '/admin/clients'
const any = { 'if-match': '*' }
const shop = 'https://shop.example.com'

t.test('a client is added, read, changed and deleted, as the command line shows it', async t => {
  const its = await administered(t)
  const { ask, admin, json, service, appendedLike, fresh } = its
  await fresh()
  const client_id = 'a/b?c#d'
  const settings = {
    ...{ grants: ['client_credentials', 'password'], scope: ['posts:read', '*'], audiences: [api, shop] },
    ...{ origins: ['https://b.example.com', 'https://a.example.com'], introspect: [shop] },
    ...{ access_token_ttl: 300, grants_per_minute: 600, grants_per_minute_subject: 10 },
  }
  const added = await ask(admin, 'POST', path, { body: { client_id, public: false, ...settings } })
  t.same([added.status, added.headers.get('cache-control')], [201, 'no-store'])
  const { client_secret, secret_id, ...client } = added.body
  t.match(client_secret, /^[\w-]{43}$/)
  t.match(client, { ...settings, client_id, status: 'active', public: false, origins: settings.origins.toSorted() })
  t.same(
    client.secrets.map(({ id }: { id: string }) => id),
    [secret_id],
  )
  t.strictSame(client, await json(['clients', 'show', client_id]))
  const location = added.headers.get('location') ?? ''
  t.equal(location, `${path}/a%2Fb%3Fc%23d`)
  const token = await service.token({ grant_type: 'client_credentials' }, { client: [client_id, client_secret] })
  t.equal(token.status, 200, 'the secret works')
  // The use is written beside the request.
  await until(async () => (await json(['clients', 'show', client_id])).secrets[0].last_used_at !== null)

  const bare = await ask(admin, 'POST', path, { body: { client_id: 'spa-2', public: true } })
  t.strictSame(bare.body, await json(['clients', 'show', 'spa-2']), 'no secret')
  t.match(bare.body, { public: true, grants: [], scope: [], secrets: [], access_token_ttl: null })

  const read = await ask(admin, 'GET', location)
  const used = await json(['clients', 'show', client_id])
  t.same([read.status, read.body], [200, used])
  t.equal((await ask(admin, 'GET', location, { headers: { 'if-none-match': etagOf(read) } })).status, 304)
  const headers = { 'if-match': etagOf(read), 'content-type': 'application/merge-patch+json' }
  const changed = await ask(admin, 'PATCH', location, { body: { scope: ['posts:write'], introspect: [] }, headers })
  t.same([changed.status, changed.body], [200, { ...used, scope: ['posts:write'], introspect: [] }])
  t.equal(etagOf(changed), etagOf(await ask(admin, 'GET', location)))
  t.equal((await ask(admin, 'DELETE', location, { headers: { 'if-match': etagOf(read) } })).status, 412)
  const deleted = await ask(admin, 'DELETE', location, { headers: { 'if-match': etagOf(changed) } })
  t.same([deleted.status, deleted.text], [204, ''])
  for (const method of ['GET', 'DELETE']) isError(t, await ask(admin, method, location), [404, 'not_found'])
  t.equal((await ask(admin, 'POST', path, { body: { client_id } })).status, 201, 'the id is free again')

  const by = { actor: `user:${admin.id}`, address: '127.0.0.1', outcome: 'success' }
  const ofClient = { ...by, client_id: client.id }
  await appendedLike(
    { ...ofClient, type: 'client.add', target: secret_id },
    { type: 'client.grant' },
    { ...by, type: 'client.add', client_id: bare.body.id, target: null },
    { ...ofClient, type: 'client.update' },
    { ...ofClient, type: 'client.delete' },
    { ...ofClient, type: 'client.remove_secret', reason: 'client_deleted' },
    { type: 'session.end' },
    { ...by, type: 'client.add' },
  )
  t.notOk(JSON.stringify(rowsIn(service.databaseFile)).includes(client_secret))
  t.notOk(service.log().includes(client_secret))
})

t.test('the list is that of the command line, page by page, of one status when it is asked for', async t => {
  const its = await administered(t)
  const { ask, admin, json } = its
  for (const id of ['B', 'a-1', 'a1', '~z'])
    await json(['clients', 'add', id, '--origin', `https://${id.length}.example.com`])
  await json(['clients', 'disable', 'a-1'])
  await json(['clients', 'delete', 'a1'])
  const all = await json(['clients', 'list'])
  t.strictSame((await pagesOf(its, path, 'clients', 3)).flat(), all)
  t.strictSame((await ask(admin, 'GET', path)).body, { clients: all })
  const disabled = all.filter(({ status }: { status: string }) => status === 'disabled')
  t.equal(disabled.length, 1)
  t.strictSame((await ask(admin, 'GET', `${path}?status=disabled`)).body, { clients: disabled })
  const active = (await pagesOf(its, `${path}?status=active`, 'clients', 2)).flat()
  t.equal(active.length, all.length - 1)
  for (const query of [
    'status=deleted',
    'status=active&status=active',
    'limit=0',
    'limit=1001',
    'cursor=*',
    'cursor=AA',
  ])
    isError(t, await ask(admin, 'GET', `${path}?${query}`), [400, 'invalid_request'])
  await needsPermission(t, its, 'signet:clients:read', [
    ['GET', path],
    ['GET', `${path}/web-app`],
  ])
  await needsPermission(t, its, 'signet:clients:write', [
    ['POST', path, { client_id: 'new' }],
    ['PATCH', `${path}/web-app`, { status: 'disabled' }],
    ['DELETE', `${path}/web-app`],
    ['POST', `${path}/web-app/secrets`, {}],
    ['DELETE', `${path}/web-app/secrets/secret_0`],
  ])
})

t.test('a merge patch changes what it names; lists need If-Match, and null takes limits back', async t => {
  const { ask, admin, json } = await administered(t)
  const patch = (body: object, headers: Readonly<Record<string, string>> = {}) =>
    ask(admin, 'PATCH', `${path}/web-app`, { body, headers })
  for (const [member, value] of Object.entries({
    ...{ grants: ['password'], scope: ['posts:read'], audiences: [shop] },
    ...{ origins: ['https://a.example.com'], introspect: [api] },
  })) {
    const before = await json(['clients', 'show', 'web-app'])
    isError(t, await patch({ [member]: value }), [428, 'precondition_required'])
    isError(t, await patch({ [member]: value, access_token_ttl: 60 }), [428, 'precondition_required'])
    isError(t, await patch({ [member]: value }, { 'if-match': '"other"' }), [412, 'precondition_failed'])
    t.strictSame((await patch({ [member]: value }, any)).body, { ...before, [member]: value })
  }
  const limits = ({ body }: Answer) => [body.access_token_ttl, body.grants_per_minute, body.grants_per_minute_subject]
  t.same(limits(await patch({ access_token_ttl: 60, grants_per_minute: 100 })), [60, 100, null])
  t.same(limits(await patch({ grants_per_minute_subject: 5 })), [60, 100, 5], 'each by itself')
  t.same(limits(await patch({ grants_per_minute: 200 })), [60, 200, 5])
  t.same(limits(await patch({ access_token_ttl: null, grants_per_minute_subject: null })), [null, 200, null])
  t.same(limits(await patch({ grants_per_minute: 9, grants_per_minute_subject: 9 })), [null, 9, 9])
  saysOfFields(t, await patch({ grants_per_minute: 8 }), { grants_per_minute_subject: /no more than it/ })
  t.same(limits(await patch({ grants_per_minute: null })), [null, null, null], 'and with it that of a subject')
  saysOfFields(t, await patch({ grants_per_minute_subject: 5 }), { grants_per_minute_subject: /one of the client/ })
  const header = ({ body }: Answer) => body.forwards_address
  t.equal(header(await patch({ forwards_address: 'X-Dovecot-Auth-Remote' })), 'x-dovecot-auth-remote')
  t.equal(header(await patch({ access_token_ttl: null })), 'x-dovecot-auth-remote', 'what is not named is kept')
  t.equal(header(await patch({ forwards_address: null })), null)
  isError(t, await patch({ access_token_ttl: 60 }, { 'if-match': '"other"' }), [412, 'precondition_failed'])
  t.equal((await patch({ status: 'disabled' })).body.status, 'disabled')
})

t.test('what is wrong is said member by member, all at once, and changes nothing', async t => {
  const { ask, admin, service, json } = await administered(t)
  await json(['clients', 'update', 'web-app', '--scope', 'posts:read'])
  const before = everythingIn(service.databaseFile)
  const post = (body: object) => ask(admin, 'POST', path, { body })
  const patch = (id: string, body: object) => ask(admin, 'PATCH', `${path}/${id}`, { body, headers: any })
  const wrong = {
    ...{
      scope: ['two words'],
      audiences: ['non sense'],
      origins: ['https://*.example.com'],
      introspect: [api, `${api}/`],
    },
    ...{ access_token_ttl: 1, grants_per_minute: 0, forwards_address: '' },
  }
  const says = {
    ...{ scope: /permission/, audiences: /absolute URI/, origins: /wildcard/, introspect: /two spellings/ },
    ...{ access_token_ttl: /30s to 12h/, grants_per_minute: /whole number from 1/ },
    forwards_address: /characters of a header name/,
  }
  saysOfFields(t, await post({ client_id: 'a b', ...wrong }), { client_id: /client id/, ...says })
  saysOfFields(t, await patch('web-app', wrong), says)
  saysOfFields(t, await post({}), { client_id: /needed/ })
  saysOfFields(
    t,
    await post({
      ...{ client_id: 1, scope: 'x', access_token_ttl: '5m', grants: ['none'], status: 'active' },
      forwards_address: 7,
    }),
    {
      forwards_address: /a text or null/,
      ...{ client_id: /a text/, scope: /a list/, access_token_ttl: /whole number or null/ },
      ...{ grants: /one of password, refresh_token/, status: /no such member/ },
    },
  )
  saysOfFields(t, await post({ client_id: 'new', grants: ['password'] }), { audiences: /needs an audience/ })
  const machine = { grants: ['client_credentials'], introspect: [api], audiences: [api] }
  const ofPublic = { grants: /public client has no client_credentials/, introspect: /public client may not/ }
  saysOfFields(t, await post({ client_id: 'new', public: true, ...machine }), ofPublic)
  saysOfFields(t, await patch('spa', machine), ofPublic)
  saysOfFields(t, await post({ client_id: 'new', may_grant: [] }), { may_grant: /on the command line only/ })
  saysOfFields(t, await patch('web-app', { may_grant: [], public: true, client_id: 'x', id: 'y' }), {
    ...{
      may_grant: /on the command line only/,
      public: /never changes/,
      client_id: /keeps its id/,
      id: /no such member/,
    },
  })
  saysOfFields(t, await patch('web-app', {}), { '': /Say what to change/ })
  saysOfFields(t, await patch('web-app', { status: 'deleted' }), { status: /one of active, disabled/ })
  saysOfFields(t, await patch('web-app', { scope: null }), { scope: /a list/ })
  const unknown = /^Of the permissions that begin with signet: there are signet:users:read, /
  saysOfFields(t, await post({ client_id: 'new', scope: ['signet:user:read'] }), { scope: unknown })
  isError(t, await post({ client_id: 'web-app' }), [409, 'conflict'])
  for (const id of ['nobody', '%00', 'web-app%00', '%20', 'WEB-APP', before[3]?.[0]?.['id']]) {
    isError(t, await patch(id, { status: 'disabled' }), [404, 'not_found'])
    for (const [method, to] of [
      ['GET', `${path}/${id}`],
      ['DELETE', `${path}/${id}`],
      ['DELETE', `${path}/${id}/secrets/secret_0`],
      ['DELETE', `${path}/web-app/secrets/${id}`],
      ['GET', `/admin/roles/${id}`],
      ['DELETE', `/admin/roles/${id}`],
    ] as const)
      isError(t, await ask(admin, method, to), [404, 'not_found'])
  }
  t.strictSame(everythingIn(service.databaseFile), before)
  // From before there was a rule.
  changeEach(service.databaseFile, 'update clients set scope = ? where client_id = ?', [['["signet:old"]', 'web-app']])
  t.equal((await patch('web-app', { scope: ['signet:old', 'signet:users:read', 'posts:read'] })).status, 403)
  t.equal(
    (await json(['clients', 'update', 'web-app', '--scope', 'signet:old', '--scope', 'posts:read'])).scope.length,
    2,
  )
})
