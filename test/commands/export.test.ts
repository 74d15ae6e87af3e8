import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import t from 'tap'
import { clientIdProblem, clientProblems } from '../../src/accounts/client-rules.ts'
import { roleProblems } from '../../src/accounts/roles.ts'
import type { ClientSettings } from '../../src/records/client.ts'
import { ADMINISTRATOR } from '../../src/records/role.ts'
import { commandLine } from '../support/command-line.ts'
import { APPLY, applying, DRY_RUN, textOf } from '../support/definitions.ts'
import { api, secret } from '../support/serve.ts'

// Each has a database of its own.
t.jobs = 2

const validatorOf = (): ValidateFunction =>
  new Ajv({ strict: true }).compile(JSON.parse(readFileSync('docs/definitions.schema.json', 'utf8')))

const expected = `# yaml-language-server: $schema=docs/definitions.schema.json
roles:
  author:
    permissions:
      - posts:read
  editor:
    permissions:
      - posts:read
      - posts:write
clients:
  app:
    public: true
    grants:
      - password
      - refresh_token
    scope:
      - "*"
      - posts:read
    audiences:
      - https://b.example.com
      - https://a.example.com
    origins:
      - https://login.example.com
    status: disabled
  plain: {}
  worker:
    grants:
      - client_credentials
    audiences:
      - ${api}
    introspect:
      - ${api}
    access_token_ttl: 5m
    grants_per_minute: 600
    grants_per_minute_subject: 10
    may_grant:
      - author
      - editor
`

t.test('roles and clients are a file that applies without a difference, in one order and without secrets', async t => {
  const its = await commandLine(t)
  const { text, json, run } = its
  t.equal(await text(['export']), `${expected.split('\n')[0]}\nroles: {}\nclients: {}\n`, 'of nothing')
  await json(['roles', 'add', 'editor', '--permission', 'posts:write', '--permission', 'posts:read'])
  await json(['roles', 'add', 'author', '--permission', 'posts:read'])
  await json(['roles', 'add', 'gone', '--permission', 'posts:read'])
  await json(['roles', 'delete', 'gone'])
  await json(['clients', 'add', 'gone'])
  await json(['clients', 'delete', 'gone'])
  const worker = ['--grant', 'client_credentials', '--audience', api, '--introspect', api, '--access-token-ttl', '300s']
  const limits = ['--grants-per-minute', '600/10', '--may-grant', 'editor', '--may-grant', 'author']
  await json(['clients', 'add', 'worker', '--secret-stdin', ...worker, ...limits], secret)
  const app = ['--grant', 'refresh_token', '--grant', 'password', '--scope', 'posts:read', '--scope', '*']
  const places = ['https://b.example.com', 'https://a.example.com'].flatMap(audience => ['--audience', audience])
  await json(['clients', 'add', 'app', '--public', ...app, ...places, '--origin', 'https://login.example.com'])
  await json(['clients', 'disable', 'app'])
  await json(['clients', 'add', 'plain'])
  const exported = await text(['export'])
  t.equal(exported, expected)
  const inJson = await json(['export'])
  for (const [input, what] of [
    [exported, 'YAML'],
    [textOf(inJson), 'JSON'],
  ] as const) {
    const { code, stdout } = await run(DRY_RUN, input)
    t.strictSame([code, stdout], [0, 'Nothing to change: all is as the file says.\n'], what)
  }
  const validate = validatorOf()
  t.ok(validate(inJson), 'it is as its schema says')
  const elsewhere = await commandLine(t)
  await elsewhere.text(APPLY, exported)
  t.equal(await elsewhere.text(['export']), exported, 'and makes the same of another database')
  t.match(await applying(elsewhere).dryRun(inJson), { code: 0, changes: [] })
})

const nothing: ClientSettings = {
  ...{ grants: [], scope: [], audiences: [], origins: [], introspect: [], mayGrant: [] },
  ...{ accessTokenTtlSeconds: null, grantsPerMinute: null },
}

/** What of each member people may write, and what no member takes. */
const samples: Readonly<Record<string, readonly string[]>> = {
  names: ['a', '-', '#', '"', "'", '~', '{', '__proto__', 'x'.repeat(64), ADMINISTRATOR, 'a:b', 'a+b', 'a%b'],
  permissions: [
    'posts:read',
    '!',
    '[]',
    'p'.repeat(128),
    '*',
    'openid',
    'openid2',
    'offline_access',
    'signet:users:read',
  ],
  uris: [
    api,
    'urn:a:b',
    'a:b',
    'https://example.com/p?q=1',
    'HTTPS://EXAMPLE.COM',
    `https://x.example/${'p'.repeat(2000)}`,
  ],
  origins: ['https://login.example.com', 'http://127.0.0.1:8080', 'http://[::1]:3000', 'capacitor://localhost'],
  extensions: [`safari-web-extension://${'A1B2C3D4-E5F6-A7B8-C9D0-E1F2A3B4C5D6'}`, 'moz-extension://a-b'],
  wrong: ['', ' ', 'a b', 'ä', '\n', 'x'.repeat(3000), 'https://*.example.com', 'null', 'https://example.com/#x', '\\'],
}

t.test('the schema for editors takes whatever the rules take, and refuses what people mistype', async t => {
  const validate = validatorOf()
  const all = Object.values(samples).flat()
  const client = (member: string) => (value: string) => ({ clients: { a: { [member]: [value] } } })
  const ofClient =
    (member: keyof ClientSettings, name = member as string) =>
    (value: string) =>
      clientProblems({ [member]: [value] }, { ...nothing, [member]: [value], isPublic: false })[name]
  const judged: Readonly<Record<string, readonly [(value: string) => object, (value: string) => string | undefined]>> =
    {
      'a role name': [
        name => ({ roles: { [name]: { permissions: ['a:b'] } } }),
        name => (name === ADMINISTRATOR ? 'built in' : roleProblems({ name, permissions: ['a:b'] })['name']),
      ],
      'a permission': [
        value => ({ roles: { a: { permissions: [value] } } }),
        value => roleProblems({ name: 'a', permissions: [value] })['permissions'],
      ],
      'a client id': [id => ({ clients: { [id]: {} } }), clientIdProblem],
      'a scope': [client('scope'), ofClient('scope')],
      'an audience': [client('audiences'), ofClient('audiences')],
      'an audience to introspect': [client('introspect'), ofClient('introspect')],
      'an origin': [client('origins'), ofClient('origins')],
    }
  for (const [what, [fileOf, problemOf]] of Object.entries(judged)) {
    const taken = all.filter(value => problemOf(value) === undefined)
    t.ok(taken.length > 3, what)
    t.strictSame(
      taken.filter(value => !validate(fileOf(value))),
      [],
      `${what} that is one`,
    )
    for (const value of ['', ' ', 'a b', 'ä']) t.notOk(validate(fileOf(value)), `${what} that is none`)
  }
  for (const wrong of [
    { roles: { [ADMINISTRATOR]: { permissions: ['a:b'] } } },
    { roles: { a: { permissions: [] } } },
    { roles: { a: {} } },
    { clients: { a: { secret } } },
    { clients: { a: { access_token_ttl: 600 } } },
    { clients: { a: { grants: ['implicit'] } } },
    { clients: { a: { status: 'deleted' } } },
    { clients: { a: { grants_per_minute_subject: 1 } } },
    { issuers: {} },
  ])
    t.notOk(validate(wrong), JSON.stringify(wrong))
})
