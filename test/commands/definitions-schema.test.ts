import t from 'tap'
import { clientIdProblem, clientProblems } from '../../src/accounts/client-rules.ts'
import { issuerNameProblem, issuerProblems } from '../../src/accounts/issuer-rules.ts'
import { roleProblems } from '../../src/accounts/roles.ts'
import { fetchUriProblem } from '../../src/outgoing/uri.ts'
import { type ClientSettings, noSettings } from '../../src/records/client.ts'
import { ADMINISTRATOR } from '../../src/records/role.ts'
import type { IssuerSettings } from '../../src/records/trusted-issuer.ts'
import { published, validatorOf } from '../support/definitions-schema.ts'
import { api, secret } from '../support/serve.ts'

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
      clientProblems({ [member]: [value] }, { ...noSettings, [member]: [value], isPublic: false })[name]
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
      'a header that forwards an address': [
        header => ({ clients: { a: { forwards_address: header } } }),
        header => {
          const given = { grants: ['password'], audiences: [api], forwardsAddress: header.toLowerCase() } as const
          return clientProblems(given, { ...noSettings, ...given, isPublic: false })['forwards_address']
        },
      ],
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
