import t from 'tap'
import { commandLine, signet } from '../support/command-line.ts'
import { APPLY, applying, DRY_RUN, textOf } from '../support/definitions.ts'
import { published, validatorOf } from '../support/definitions-schema.ts'
import { api, secret } from '../support/serve.ts'

// Each has a database of its own.
t.jobs = 2

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
  mail:
    grants:
      - password
    audiences:
      - imap
      - ${api}
    forwards_address: x-dovecot-auth-remote
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
  const mail = ['--grant', 'password', '--audience', 'imap', '--audience', api]
  await json(['clients', 'add', 'mail', ...mail, '--forwards-address', 'X-Dovecot-Auth-Remote'])
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
  const dryRun = async (file: string) => (await run(DRY_RUN, file)).stdout
  t.match(await dryRun(exported.replace('x-dovecot', 'X-Dovecot')), /^Nothing to change/, 'a header has no letter case')
  const silent = exported.replace(/ +forwards_address: .*\n/, '')
  t.equal(await dryRun(silent), '~ client mail\n    forwards_address: x-dovecot-auth-remote -> none\n')
  const validate = validatorOf()
  t.ok(validate(inJson), 'it is as its schema says')
  const elsewhere = await commandLine(t)
  await elsewhere.text(APPLY, exported)
  t.equal(await elsewhere.text(['export']), exported, 'and makes the same of another database')
  t.match(await applying(elsewhere).dryRun(inJson), { code: 0, changes: [] })
})
