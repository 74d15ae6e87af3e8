import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import t from 'tap'
import { clientIdProblem, clientProblems } from '../../src/accounts/client-rules.ts'
import { issuerNameProblem, issuerProblems } from '../../src/accounts/issuer-rules.ts'
import { roleProblems } from '../../src/accounts/roles.ts'
import { fetchUriProblem } from '../../src/outgoing/uri.ts'
import type { ClientSettings } from '../../src/records/client.ts'
import { ADMINISTRATOR } from '../../src/records/role.ts'
import type { IssuerSettings } from '../../src/records/trusted-issuer.ts'
import { commandLine, signet } from '../support/command-line.ts'
import { APPLY, applying, DRY_RUN, textOf } from '../support/definitions.ts'
import { api, secret } from '../support/serve.ts'

// Each has a database of its own.
t.jobs = 2

const validatorOf = (): ValidateFunction =>
  new Ajv({ strict: true, strictRequired: false }).compile(
    JSON.parse(readFileSync('docs/definitions.schema.json', 'utf8')),
  )

/** RFC 8037, Appendix A.2. */
const published = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
/** RFC 7515, Appendix A.3.1. */
const other = {
  ...{ kty: 'EC', crv: 'P-256', x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU' },
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
}

const expected = `# yaml-language-server: $schema=docs/definitions.schema.json
roles:
  author:
    permissions:
      - posts:read
  editor:
    permissions:
      - posts:read
      - posts:write
issuers:
  builds:
    issuer: https://issuer.example.com
    jwks:
      keys:
        - kid: one
          alg: EdDSA
          kty: OKP
          crv: Ed25519
          x: ${published.x}
        - kid: two
          alg: ES256
          kty: EC
          crv: P-256
          x: ${other.x}
          y: ${other.y}
    audience: us
    max_lifetime: 25h
    shared: true
  github:
    issuer: https://token.actions.githubusercontent.com
    shared: true
  plain:
    issuer: https://plain.example.com/
    jwks_uri: https://keys.example.com/plain
  spire:
    spiffe: example.org
    bundle_uri: https://spire.example.org/bundle
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
    keys:
      - jwk:
          alg: EdDSA
          kty: OKP
          crv: Ed25519
          x: ${published.x}
      - jwks_uri: https://worker.example.com/keys
    trusts:
      - issuer: builds
        claims:
          /a~1b/c: "true"
          sub: one
      - issuer: spire
        claims:
          sub: spiffe://example.org/worker
`

t.test('what there is is a file that applies without a difference, in one order and without secrets', async t => {
  const its = await commandLine(t)
  const { text, json, run } = its
  t.equal(await text(['export']), `${expected.split('\n')[0]}\nroles: {}\nissuers: {}\nclients: {}\n`, 'of nothing')
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
  const sets = {
    keys: [
      { ...other, kid: 'two' },
      { ...published, kid: 'one' },
      { ...other, kid: 'enc', use: 'enc' },
    ],
  }
  const nobody = async () => {
    throw new Error('Nobody answers.')
  }
  const addIssuer = async (input: string, ...words: readonly string[]) => {
    const ran = await signet(its.environment, ['issuers', 'add', ...words], input, undefined, { fetch: () => nobody })
    t.equal(ran.code, 0, ran.stderr)
  }
  const builds = ['--audience', 'us', '--max-lifetime', '25h', '--shared', '--jwks', '-']
  await addIssuer(textOf(sets), 'builds', '--issuer', 'https://issuer.example.com', ...builds)
  await addIssuer('', 'github', '--issuer', 'https://token.actions.githubusercontent.com')
  const where = ['https://keys.example.com/plain', 'https://spire.example.org/bundle'] as const
  await addIssuer('', 'plain', '--issuer', 'https://plain.example.com/', '--jwks-uri', where[0])
  await addIssuer('', 'spire', '--spiffe', 'example.org', '--bundle-uri', where[1])
  await json(['clients', 'add-key', 'worker', '--jwks-uri', 'https://worker.example.com/keys'])
  await json(['clients', 'add-key', 'worker', '--jwk', '-'], textOf(published))
  const trust = (issuer: string, ...claims: readonly string[]) =>
    json(['clients', 'add-trust', 'worker', '--issuer', issuer, ...claims.flatMap(claim => ['--claim', claim])])
  await trust('spire', 'sub=spiffe://example.org/worker')
  await trust('builds', 'sub=one', '/a~1b/c=true')
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

const noIssuer: IssuerSettings = {
  ...{ url: null, trustDomain: null, keySource: { kind: 'discovery' }, audience: null },
  ...{ maxLifetimeSeconds: 3600, isShared: false },
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
  const issuer = (member: string) => (value: string) => ({ issuers: { a: { issuer: api, [member]: value } } })
  const uriProblem = (uri: string) => fetchUriProblem(uri, [])
  const ofIssuer = (settings: Partial<IssuerSettings>) =>
    issuerProblems({ ...noIssuer, ...settings }, { issuer: 'https://login.example.com', uriProblem })
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
      'the name of an issuer': [name => ({ issuers: { [name]: { issuer: api } } }), issuerNameProblem],
      'the URL of an issuer': [issuer('issuer'), url => ofIssuer({ url })['issuer']],
      'a trust domain': [issuer('spiffe'), trustDomain => ofIssuer({ trustDomain })['spiffe']],
      'an audience of an issuer': [issuer('audience'), audience => ofIssuer({ audience })['audience']],
      'where keys are': [issuer('jwks_uri'), uriProblem],
      'where a client has its keys': [uri => ({ clients: { a: { keys: [{ jwks_uri: uri }] } } }), uriProblem],
    }
  for (const [what, [fileOf, problemOf]] of Object.entries(judged)) {
    const taken = all.filter(value => problemOf(value) === undefined)
    t.ok(taken.length > 3, what)
    t.strictSame(
      taken.filter(value => !validate(fileOf(value))),
      [],
      `${what} that is one`,
    )
    const wrong = ['', ' ', 'a b', 'ä'].filter(value => problemOf(value) !== undefined)
    t.ok(wrong.length > 2, what)
    for (const value of wrong) t.notOk(validate(fileOf(value)), `${what} that is none`)
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
    { issuer: {} },
    { issuers: { a: {} } },
    { issuers: { a: { issuer: api, jwks_uri: api, bundle_uri: api } } },
    { issuers: { a: { issuer: api, bundle_uri: api, jwks: { keys: [published] } } } },
    { issuers: { a: { issuer: api, jwks: [published] } } },
    { issuers: { a: { issuer: api, jwks: { keys: [{ ...published, kid: 1 }] } } } },
    { issuers: { a: { issuer: api, max_lifetime: 3600 } } },
    { clients: { a: { keys: [{ jwk: { ...published, d: published.x } }] } } },
    { clients: { a: { keys: [published] } } },
    { clients: { a: { keys: [{}] } } },
    { clients: { a: { keys: [{ jwk: published, jwks_uri: api }] } } },
    { clients: { a: { trusts: [{ issuer: 'a', claims: {} }] } } },
    { clients: { a: { trusts: [{ issuer: 'a', claims: { a: 1 } }] } } },
    { clients: { a: { trusts: [{ claims: { a: '1' } }] } } },
  ])
    t.notOk(validate(wrong), JSON.stringify(wrong))
})
