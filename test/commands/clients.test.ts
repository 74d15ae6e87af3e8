import t from 'tap'
import { commandLine, isoTime, type Refused } from '../support/command-line.ts'
import { api, password, secret, serve } from '../support/serve.ts'

// Each has a database of its own.
t.jobs = 2

const add = (id: string, ...more: readonly string[]) => ['clients', 'add', ...more, '--', id]
const usable = ['--grant', 'password', '--grant', 'refresh_token', '--audience', api]
const everything = [
  ...usable,
  ...['--audience', 'https://other.example.com', '--scope', 'posts:read', '--scope', '*'],
  ...['--origin', 'https://login.example.com', '--origin', 'http://127.0.0.1:8080'],
  ...['--introspect', api, '--access-token-ttl', '5m', '--grants-per-minute', '600/10'],
]

t.test('under --json each command answers the client as it then is, with these members and no other', async t => {
  const { json } = await commandLine(t)
  const { client_secret, secret_id, ...client } = await json(add('web-app', ...everything))
  t.match(client_secret, /^[\w-]{43}$/, 'a secret of 256 bits')
  t.match(secret_id, /^secret_[0-9a-f]{32}$/)
  t.match(client.id, /^client_[0-9a-f]{32}$/, 'as the audit names it')
  t.match(client.created_at, isoTime)
  t.match(client.secrets[0]?.created_at, isoTime)
  const stored = {
    id: secret_id,
    name: null,
    created_at: client.secrets[0]?.created_at,
    expires_at: null,
    last_used_at: null,
  }
  t.strictSame(client, {
    client_id: 'web-app',
    id: client.id,
    status: 'active',
    public: false,
    grants: ['password', 'refresh_token'],
    scope: ['posts:read', '*'],
    audiences: [api, 'https://other.example.com'],
    origins: ['http://127.0.0.1:8080', 'https://login.example.com'],
    introspect: [api],
    access_token_ttl: 300,
    grants_per_minute: 600,
    grants_per_minute_subject: 10,
    may_grant: [],
    forwards_address: null,
    secrets: [stored],
    keys: [],
    trusts: [],
    created_at: client.created_at,
  })
  t.strictSame(await json(['clients', 'show', 'web-app']), client)
  t.strictSame(await json(['clients', 'list']), [client])
  t.strictSame(await json(['clients', 'disable', 'web-app']), { ...client, status: 'disabled' })
  t.strictSame(await json(['clients', 'enable', 'web-app']), client)
  t.strictSame(await json(['clients', 'delete', 'web-app']), { ...client, status: 'deleted' })
  t.strictSame(await json(['clients', 'list']), [], 'an empty list is an array, too')
})

t.test('a secret stands only in the answer of the command that made it', async t => {
  const { json, text, run } = await commandLine(t)
  const given = await run(add('given', '--secret-stdin', '--json'), `${secret}\n`)
  t.equal(given.code, 0)
  t.notOk(`${given.stdout}${given.stderr}`.includes(secret), 'one that was given is not repeated')
  t.notOk('client_secret' in JSON.parse(given.stdout))
  const { client_secret: made } = await json(add('made'))
  const inText = /shown again\): ([\w-]{43})\n$/.exec(await text(add('for-people')))?.[1] ?? t.fail('no secret')
  const { client_secret: second } = await json(['clients', 'add-secret', 'made'])
  t.equal(new Set([made, inText, second]).size, 3, 'each is another')
  const onePublic = await json(add('spa', '--public'))
  t.strictSame(
    ['client_secret' in onePublic, onePublic.secrets, onePublic.public],
    [false, [], true],
    'a public client has none',
  )
  const later = await Promise.all([
    text(['clients', 'list', '--json']),
    text(['clients', 'list']),
    text(['clients', 'show', 'made', '--json']),
    text(['clients', 'show', 'for-people']),
    text(['clients', 'disable', 'made', '--json']),
  ])
  for (const value of [secret, made, inText, second]) t.notOk(later.join('').includes(value))
})

t.test('update replaces what it is given and keeps the rest', async t => {
  const { json, text, refuses } = await commandLine(t)
  const { client_secret: _, secret_id: __, ...before } = await json(add('web-app', ...everything))
  const updated = await json([
    'clients',
    'update',
    'web-app',
    '--scope',
    'posts:write',
    '--scope',
    'posts:write',
    '--audience',
    'urn:other',
  ])
  const expected = { ...before, scope: ['posts:write'], audiences: ['urn:other'] }
  t.strictSame(updated, expected)
  await json(['clients', 'update', 'web-app', '--origin', 'https://new.example.com', '--grant', 'password'])
  await json(['clients', 'update', 'web-app', '--access-token-ttl', '12h', '--introspect', 'urn:x'])
  await json(['clients', 'update', 'web-app', '--grants-per-minute', '100'])
  t.strictSame(await json(['clients', 'show', 'web-app']), {
    ...expected,
    ...{ origins: ['https://new.example.com'], grants: ['password'], access_token_ttl: 43_200, introspect: ['urn:x'] },
    ...{ grants_per_minute: 100, grants_per_minute_subject: null },
  })
  await refuses([
    { words: ['clients', 'update', 'web-app'], code: 2, says: /Say what to update/ },
    { words: ['clients', 'update', 'web-app', '--public'], code: 2, says: /unknown option '--public'/ },
    { words: ['clients', 'update', 'web-app', '--grant', 'nonsense'], code: 2, says: /one of password, refresh_token/ },
    { words: ['clients', 'update', 'nobody', '--scope', 'a'], code: 1, says: /^There is no such client\.\n$/ },
    { words: ['clients', 'update', 'web-app', '--scope', 'fine', '--origin', 'no'], code: 1, says: /origin/ },
  ])
  t.strictSame((await json(['clients', 'show', 'web-app'])).scope, ['posts:write'], 'a refused update changes nothing')
  t.equal(
    await text(['clients', 'update', 'web-app', '--scope', 'a']),
    'Updated web-app  confidential  active  password\n',
  )
})

t.test('an update empties a list, returns to the lifetime that the service gives, and takes limits back', async t => {
  const { json } = await commandLine(t)
  await json(add('web-app', ...everything))
  const words = [
    ...['--origin', '', '--introspect', '', '--access-token-ttl', 'default'],
    ...['--grants-per-minute', 'unlimited'],
  ]
  const updated = await json(['clients', 'update', 'web-app', ...words])
  t.match(updated, {
    origins: [],
    introspect: [],
    access_token_ttl: null,
    grants_per_minute: null,
    grants_per_minute_subject: null,
    audiences: [api, 'https://other.example.com'],
  })
  t.strictSame(await json(['clients', 'show', 'web-app']), updated)
})

t.test('for people each command answers in lines, and list in a table', async t => {
  const { text } = await commandLine(t)
  t.equal(await text(add('spa', '--public', ...usable)), 'Added spa  public  active  password, refresh_token\n')
  const [id, internalId, status, type, grants, scope, audiences] = (await text(['clients', 'show', 'spa'])).split('\n')
  t.same([id, status, type], ['ID:           spa', 'Status:       active', 'Type:         public'])
  t.match(internalId, /^Internal ID: {2}client_[0-9a-f]{32}$/)
  t.same([grants, scope], ['Grants:       password, refresh_token', 'Scope:        none'])
  t.match(audiences, /^Audiences: {4}https:\/\/api/)
  const head = 'ID   STATUS  TYPE    GRANTS\n'
  t.equal(await text(['clients', 'list']), `${head}spa  active  public  password, refresh_token\n`)
  t.equal(await text(['clients', 'disable', 'spa']), 'spa is disabled\n')
  t.equal(await text(['clients', 'enable', 'spa']), 'spa is active\n')
  t.equal(await text(['clients', 'delete', 'spa']), 'spa is deleted\n')
})

t.test('what is refused ends with 1, wrong usage with 2, and neither leaves a client behind', async t => {
  const { json, refuses } = await commandLine(t)
  await json(add('taken'))
  const refused = (words: readonly string[], says: RegExp): Refused => ({ words, code: 1, says })
  const misused = (words: readonly string[], says: RegExp): Refused => ({ words, code: 2, says })
  await refuses([
    refused(add('taken'), /^There is a client with this id already\.\n$/),
    ...['show', 'disable', 'enable', 'delete', 'add-secret'].map(verb =>
      refused(['clients', verb, 'nobody'], /^There is no such client\.\n$/),
    ),
    ...['api example com', 'x'.repeat(256), `${api}#part`].map(audience =>
      refused(add('new', '--audience', audience), /^An audience is an absolute URI without a fragment/),
    ),
    refused(add('new', '--introspect', 'no thing'), /^An audience is/),
    ...['https://x.example/', 'https://x.example:443', 'https://X.example', '*'].map(origin =>
      refused(add('new', '--origin', origin), /^An origin is/),
    ),
    refused(add('new', '--audience', api, '--audience', 'kafka'), /^An audience that is a name comes first/),
    refused(add('new', '--scope', 'two words'), /^A permission has/),
    ...['29s', '43201s'].map(ttl => refused(add('new', '--access-token-ttl', ttl), /lives for 30s to 12h/)),
    misused(add('new', '--grant', 'implicit', '--audience', api), /one of password, refresh_token/),
    ...['10', '-1m'].map(ttl => misused(add('new', `--access-token-ttl=${ttl}`), /is invalid/)),
    ...['', 'x', '1/', '/1', '1/2/3', '-1', '1.5', '1e3', 'none'].map(limit =>
      misused(add('new', `--grants-per-minute=${limit}`), /as in 600\/10, or 'unlimited'/),
    ),
    ...['0', '1000001', '10/0', '10/11'].map(limit =>
      misused(add('new', '--grants-per-minute', limit), /whole number from 1 to 1000000/),
    ),
    misused(add('new', '--grant', 'password'), /needs an --audience/),
    misused(add('new', '--secret', secret), /unknown option '--secret'/),
    misused(['clients', 'add'], /missing required argument 'id'/),
  ])
  const left: { client_id: string }[] = await json(['clients', 'list'])
  t.strictSame(
    left.map(({ client_id }) => client_id),
    ['taken'],
  )
})

t.test('beside a running server a command takes effect at once, and what it ended stays ended', async t => {
  const service = await serve(t)
  const { json } = await commandLine(t, service.environment)
  await json(['users', 'add', 'ann', '--password-stdin'], password)
  const request = (form: Readonly<Record<string, string>>) => service.token(form, { client: ['web-app', secret] })
  const signIn = () => request({ grant_type: 'password', username: 'ann', password })
  const sessions: string[] = []
  const opens = async (title: string) => {
    const { status, body } = await signIn()
    t.equal(status, 200, title)
    sessions.push(body.refresh_token)
  }
  const areOver = async (title: string, status: number, error: string) => {
    const form = (token: string) => ({ grant_type: 'refresh_token', refresh_token: token })
    for (const answer of await Promise.all(sessions.map(token => request(form(token)))))
      t.strictSame([answer.status, answer.body.error], [status, error], title)
  }

  t.equal((await signIn()).status, 401, 'before there is such a client')
  await json(add('web-app', '--secret-stdin', ...usable), secret)
  await opens('added')
  await json(['clients', 'disable', 'web-app'])
  await areOver('disabled', 401, 'invalid_client')
  await json(['clients', 'enable', 'web-app'])
  await areOver('enabled again', 400, 'invalid_grant')
  await opens('enabled again')
  await json(['clients', 'update', 'web-app', '--grant', 'refresh_token'])
  t.equal((await signIn()).body.error, 'unauthorized_client', 'updated')
  await json([
    'clients',
    'update',
    'web-app',
    '--grant',
    'refresh_token',
    '--grant',
    'password',
    '--access-token-ttl',
    '1m',
  ])
  t.equal((await signIn()).body.expires_in, 60)
  await json(['clients', 'delete', 'web-app'])
  await areOver('deleted', 401, 'invalid_client')
  await json(add('web-app', '--secret-stdin', ...usable), secret)
  await areOver('added again', 400, 'invalid_grant')
  await opens('added again')
})
