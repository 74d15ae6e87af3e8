import t from 'tap'
import { addClient } from '../support/clients.ts'
import { isoTime } from '../support/command-line.ts'
import { type Machines, machines, shop } from '../support/machines.ts'
import { api, byTest, secret } from '../support/serve.ts'
import { auditedBy, select } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'

// Each has a service of its own.
t.jobs = 2

const day = 86_400_000
const form = /^signet_key_[0-9a-f]{32}_[0-9a-f]{72}$/
const create = ['api-keys', 'create']
const ofAlice = [...create, '--user', 'alice', '--name', 'ci', '--scope', 'posts:read']

const keysIn = ({ service }: Pick<Machines, 'service'>) =>
  select(service.databaseFile, "select * from credentials where kind = 'api_key'")

t.test('create shows the key once, with these members and no other', async t => {
  const { json, clock, userId } = await machines(t)
  const made = await json([
    ...create,
    '--user',
    'ALICE',
    '--name',
    'nightly build',
    '--scope',
    'posts:write',
    '--scope',
    'posts:read',
  ])
  t.match(made.api_key, form)
  t.match(made.created_at, isoTime)
  const { api_key, ...shown } = made
  t.ok(api_key.startsWith(`signet_${made.api_key_id}_`), 'the id is in the key')
  const expected = {
    ...{ api_key_id: made.api_key_id, name: 'nightly build', status: 'active' },
    ...{ user_id: userId, username: 'alice', client_id: null },
    ...{ scope: 'posts:read posts:write', audiences: [], created_at: new Date(clock.now()).toISOString() },
    ...{ expires_at: new Date(clock.now() + 90 * day).toISOString(), revoked_at: null },
    ...{ last_used_at: null, last_used_address: null },
  }
  t.strictSame(shown, expected)
  t.strictSame(await json(['api-keys', 'show', made.api_key_id]), expected)
  t.strictSame(await json(['api-keys', 'list']), [expected])
})

t.test('of a client it is, too; audiences and the end can be said', async t => {
  const { json, clock } = await machines(t)
  const words = [...create, '--client', 'worker', '--name', 'w', '--scope', 'posts:read', '--scope', 'posts:read']
  const made = await json([...words, '--audience', shop, '--audience', api, '--audience', shop, '--expires', 'never'])
  t.match(made, {
    user_id: null,
    username: null,
    client_id: 'worker',
    scope: 'posts:read',
    audiences: [shop, api],
    expires_at: null,
  })
  for (const [expires, milliseconds] of [
    ['1s', 1000],
    ['90d', 90 * day],
    ['3650d', 3650 * day],
  ] as const) {
    const { expires_at } = await json([...words, '--expires', expires])
    t.equal(expires_at, new Date(clock.now() + milliseconds).toISOString(), expires)
  }
})

t.test('for people create says the key once, list is a table, revoke a line', async t => {
  const { text, json, make, exchange, clock } = await machines(t)
  const lines = (await text(ofAlice)).split('\n')
  t.match(lines[0], /^Added key_[0-9a-f]{32} of alice$/)
  t.match(lines[1], /^API key \(it is not shown again\): signet_key_[0-9a-f]{32}_[0-9a-f]{72}$/)
  t.equal(lines.length, 3)
  const id = lines[0]?.split(' ')[1] ?? ''
  const used = await make({ owner: ['--client', 'worker'], name: 'w', more: ['--audience', api, '--expires', 'never'] })
  await exchange(used.api_key)
  await until(async () => (await json(['api-keys', 'show', used.api_key_id])).last_used_at !== null)
  const [head, first, second] = (await text(['api-keys', 'list', '--wide'])).split('\n')
  t.match(head, /^ID +NAME +OWNER +STATUS +SCOPE +AUDIENCES +EXPIRES +LAST USED +FROM$/)
  const time = new Date(clock.now()).toISOString()
  const expires = new Date(clock.now() + 90 * day).toISOString()
  const rows = [first, second].sort((a = '') => (a.startsWith(id) ? -1 : 1)).map(row => row?.replace(/ {2,}/g, '  '))
  const anyAudience = '(any of the exchanging client)'
  t.equal(rows[0], `${id}  ci  alice  active  posts:read  ${anyAudience}  ${expires}  never`)
  t.equal(rows[1], `${used.api_key_id}  w  worker  active  posts:read  ${api}  never  ${time}  127.0.0.1`)
  t.same((await text(['api-keys', 'list', '--client', 'worker'])).trimEnd().split('\n'), [
    'ID',
    '  NAME  OWNER   STATUS  EXPIRES  LAST USED  FROM',
    used.api_key_id,
    '  w     worker  active  never    now        127.0.0.1',
  ])
  t.same((await text(['api-keys', 'show', id])).trimEnd().split('\n'), [
    'Name:       ci',
    `ID:         ${id}`,
    'Owner:      user alice',
    'Status:     active',
    'Scope:      posts:read',
    `Audiences:  ${anyAudience}`,
    `Created:    ${time} (now)`,
    `Expires:    ${expires} (in 90 d)`,
    'Last used:  never',
  ])
  t.equal(await text(['api-keys', 'revoke', id]), `Revoked ${id}\n`)
  t.equal(await text(['api-keys', 'revoke', '--user', 'alice']), 'Revoked 0 API keys\n')
})

t.test('list takes a user or a client, the oldest first, and has those that are over, too', async t => {
  const { json, make, clock, refuses } = await machines(t)
  const first = await make({ more: ['--expires', '1h'] })
  clock.advance(1000)
  const second = await make({ owner: ['--client', 'worker'] })
  clock.advance(1000)
  const third = await make()
  await json(['api-keys', 'revoke', third.api_key_id])
  clock.advance(3_600_000)
  const list = async (...words: string[]) =>
    (await json(['api-keys', 'list', ...words])).map((key: Record<string, string>) => [
      key['api_key_id'],
      key['status'],
    ])
  const [a, b, c] = [
    [first.api_key_id, 'expired'],
    [second.api_key_id, 'active'],
    [third.api_key_id, 'revoked'],
  ]
  t.same(await list(), [a, b, c])
  t.same(await list('--user', 'Alice'), [a, c])
  t.same(await list('--client', 'worker'), [b])
  t.same(await list('--user', 'bob'), [])
  await refuses([
    { words: ['api-keys', 'list', '--user', 'nobody'], code: 1, says: /^There is no such user\.\n$/ },
    { words: ['api-keys', 'list', '--client', 'nothing'], code: 1, says: /^There is no such client\.\n$/ },
    { words: ['api-keys', 'list', '--user', 'alice', '--client', 'worker'], code: 2, says: /not both/ },
    { words: ['api-keys', 'list', 'alice'], code: 2, says: /too many arguments/ },
  ])
})

t.test('what is wrong with the words ends with 2, and nothing is made', async t => {
  const its = await machines(t)
  const named = ['--name', 'ci', '--scope', 'posts:read']
  const usage = (words: readonly string[], says: RegExp) => ({ words, code: 2, says }) as const
  const events = await auditedBy(its.service, () =>
    its.refuses([
      usage(create, /required option/),
      usage([...create, '--user', 'alice'], /required option/),
      usage([...create, '--user', 'alice', '--name', 'ci'], /required option .*--scope/),
      usage([...create, '--user', 'alice', '--scope', 'posts:read'], /required option .*--name/),
      usage([...create, ...named], /^Say whose key it is/),
      usage([...create, '--user', 'alice', '--client', 'worker', ...named], /not both/),
      usage([...ofAlice, 'more'], /too many arguments/),
      usage([...ofAlice, '--all'], /unknown option/),
      ...['', '90', '-1d', '1.5h', 'NEVER', '1w', ' 1d', '1e3s'].map(expires =>
        usage([...ofAlice, '--expires', expires], /number and s, m, h or d/),
      ),
      usage([...ofAlice, '--audience', ''], /^The audience is empty: leave --audience out for any\.\n$/),
      usage(['api-keys', 'revoke'], /^Say which API key/),
      usage(['api-keys', 'revoke', 'key_0', '--user', 'alice'], /^Say which API key/),
      usage(['api-keys', 'revoke', '--client', 'worker'], /unknown option/),
      usage(['api-keys', 'show'], /missing required argument/),
    ]),
  )
  t.same([events, keysIn(its)], [[], []])
})

t.test('what cannot be ends with 1, and nothing is made', async t => {
  const its = await machines(t)
  const { issuer } = its.service
  await its.service.users.setStatus('bob', 'deleted', byTest)
  await addClient(its.service, { clientId: 'gone' })
  await its.service.clients.setStatus('gone', 'deleted', byTest)
  const refused = (words: readonly string[], says: RegExp) => ({ words, code: 1, says }) as const
  const withName = (name: string) => [...create, '--user', 'alice', '--scope', 'posts:read', '--name', name]
  const withScope = (scope: string) => [...create, '--user', 'alice', '--name', 'ci', '--scope', scope]
  const forOwner = (...owner: string[]) => [...create, '--name', 'ci', '--scope', 'posts:read', ...owner]
  const [noUser, noClient] = [/^There is no such user\.\n$/, /^There is no such client\.\n$/]
  const events = await auditedBy(its.service, () =>
    its.refuses([
      ...['nobody', 'bob', ''].map(name => refused(forOwner('--user', name), noUser)),
      ...['nothing', 'gone', '', 'client_0'].map(id => refused(forOwner('--client', id), noClient)),
      ...[
        '',
        ' ',
        ' ci',
        'ci ',
        'a\tb',
        'a\u0000b',
        'a\u001b[2J',
        '\u202eic',
        'a\u2028b',
        'x'.repeat(65),
        '😀'.repeat(65),
      ].map(name =>
        refused(
          withName(name),
          /^The name of an API key has 1 to 64 printable characters, and no space at its beginning or end\.\n$/,
        ),
      ),
      ...['*', 'a b', 'posts:read posts:write', 'a"b', 'a\\b', 'pösts', 'x'.repeat(129), 'a\u0000b'].map(scope =>
        refused(withScope(scope), /^A permission has 1 to 128 printable ASCII characters/),
      ),
      ...['openid', 'profile', 'email', 'offline_access'].map(scope => refused(withScope(scope), /OpenID Connect/)),
      refused(withScope(''), /^An API key needs a scope\.\n$/),
      ...['signet:users:read', 'signet:'].map(scope => refused(withScope(scope), /none of Signet's own permissions/)),
      refused([...ofAlice, '--audience', issuer], /^An API key gives no token for Signet itself\.\n$/),
      refused([...ofAlice, '--audience', api, '--audience', issuer], /^An API key gives no token for Signet/),
      ...['non sense', `${api}#a`, 'https://a b', `${api}/${'x'.repeat(2048)}`].map(audience =>
        refused([...ofAlice, '--audience', audience], /^An audience is an absolute URI/),
      ),
      ...['0s', '3651d', '99999999999999999999d'].map(expires =>
        refused([...ofAlice, '--expires', expires], /^An API key expires after 1s to 3650d\.\n$/),
      ),
      ...['key_0', '', secret].flatMap(id => [
        refused(['api-keys', 'show', id], /^There is no such API key\.\n$/),
        refused(['api-keys', 'revoke', id], /^There is no such API key\.\n$/),
      ]),
      refused(['api-keys', 'revoke', '--user', 'nobody'], noUser),
    ]),
  )
  t.same([events, keysIn(its)], [[], []])
})

t.test('a name may be whatever people read, and a terminal obeys none of it', async t => {
  const { make, text } = await machines(t)
  for (const name of ['x'.repeat(64), '😀'.repeat(64), 'Zürich – nächtlich', 'a "b" \'c\' $(d)', '--name'])
    t.equal((await make({ name }))['name'], name)
  t.equal((await text(['api-keys', 'list', '--wide'])).split('\n').length, 7)
})

t.test('a secret of a client is no API key to these commands', async t => {
  const { json, refuses } = await machines(t)
  const { secrets } = await json(['clients', 'show', 'worker'])
  const says = /^There is no such API key\.\n$/
  await refuses([
    { words: ['api-keys', 'show', secrets[0].id], code: 1, says },
    { words: ['api-keys', 'revoke', secrets[0].id], code: 1, says },
  ])
  t.same((await json(['clients', 'show', 'worker'])).secrets.length, 1)
})

t.test('the audit says which operator made and revoked which key of whom', async t => {
  const { make, json, appendedLike, userId, service } = await machines(t)
  const nowhere = { address: null, user_agent: null, request_id: null, actor: /^operator:.+/, outcome: 'success' }
  const { api_key_id: target } = await make()
  await json(['api-keys', 'revoke', target])
  const ofUser = { ...nowhere, target, user_id: userId, client_id: null }
  await appendedLike({ ...ofUser, type: 'api_key.create' }, { ...ofUser, type: 'api_key.revoke' })
  const { api_key_id } = await make({ owner: ['--client', 'worker'] })
  const { id } = await service.clients.find('worker')
  await appendedLike({ ...nowhere, type: 'api_key.create', target: api_key_id, user_id: null, client_id: id })
})
