import t from 'tap'
import { issuerUrl, newKey } from '../support/assertions.ts'
import { commandLine } from '../support/command-line.ts'
import { APPLY, DRY_RUN, textOf } from '../support/definitions.ts'

const one = newKey('ES256', 'one')
const uri = 'https://worker.example.com/keys'

t.test('what is wrong is told with its line, and nothing of a private key', async t => {
  const its = await commandLine(t)
  await its.json(['clients', 'add', 'spa', '--public'])
  const secretKey = newKey('ES256', 'secret').privateKey.export({ format: 'jwk' })
  const set = JSON.stringify({ keys: [{ ...one.jwk, d: secretKey.d }] })
  const many = JSON.stringify(Array.from({ length: 21 }, (_, at) => ({ jwks_uri: `https://${at}.example.com` })))
  const { code, stdout, stderr } = await its.run(
    APPLY,
    `
issuers:
  'a b': { issuer: ${issuerUrl} }
  ours: { issuer: 'http://127.0.0.1:${its.environment['SIGNET_PORT']}', max_lifetime: 1h }
  nothing: {}
  lives: { issuer: ${issuerUrl}, max_lifetime: 8d, audience: ${issuerUrl} }
  odd: { issuer: ${issuerUrl}, max_lifetime: 1 hour }
  both: { issuer: ${issuerUrl}, jwks_uri: ${uri}, jwks: { keys: [] } }
  secret: { issuer: ${issuerUrl}, jwks: ${set} }
  empty: { issuer: ${issuerUrl}, jwks: { keys: [] } }
  inside: { issuer: ${issuerUrl}, jwks_uri: https://10.0.0.1/keys }
  spire: { spiffe: example.org }
  github: { issuer: https://token.actions.githubusercontent.com }
clients:
  spa: { public: true, keys: [{ jwks_uri: ${uri} }], trusts: [{ issuer: github, claims: { sub: a } }] }
  private: { keys: [{ jwk: ${JSON.stringify(secretKey)} }] }
  symmetric: { keys: [{ jwk: { kty: oct, k: AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ } }] }
  short: { keys: [{ jwk: { kty: RSA, n: AQAB, e: AQAB } }] }
  sources: { keys: [{ jwk: ${JSON.stringify(one.jwk)}, jwks_uri: ${uri} }, {}] }
  twice: { keys: [{ jwk: ${JSON.stringify(one.jwk)} }, { jwk: ${JSON.stringify({ ...one.jwk, kid: 'other' })} }] }
  many: { keys: ${many} }
  host: { keys: [{ jwks_uri: http://example.com/keys }] }
  bare: { keys: [${JSON.stringify(one.jwk)}] }
  trusts:
    trusts:
      - { issuer: nobody, claims: { sub: a } }
      - { issuer: github, claims: { ref: refs/heads/main } }
      - { issuer: github, claims: { sub: a, iss: b } }
      - { issuer: github, claims: {} }
      - { issuer: github, claims: { sub: a } }
      - { issuer: github, claims: { /sub: a } }
  number: { trusts: [{ issuer: github, claims: { repository_id: 4711 } }] }
  half: { trusts: [{ issuer: github }] }
`,
  )
  t.strictSame([code, stdout], [1, ''])
  const expected = [
    /line 3, issuers\.a b: The name of an issuer has/,
    /line 4, issuers\.ours\.issuer: This service is no issuer/,
    /line 5, issuers\.nothing\.issuer: An issuer has a URL or a trust domain\.$/,
    /line 6, issuers\.lives\.audience: The audience is whom the tokens are for/,
    /line 6, issuers\.lives\.max_lifetime: The tokens of an issuer live for 1m to 7d at most\.$/,
    /line 7, issuers\.odd\.max_lifetime: A duration is a number/,
    /line 8, issuers\.both\.jwks: Give one of jwks_uri, bundle_uri, jwks\.$/,
    /line 9, issuers\.secret\.jwks: The file holds a private or symmetric key/,
    /line 10, issuers\.empty\.jwks: This is no set of keys that can be used/,
    /line 11, issuers\.inside\.jwks_uri: Its address must be a public one/,
    /line 12, issuers\.spire\.spiffe: The keys of a trust domain are at its bundle endpoint/,
    /line 15, clients\.spa\.keys: A public client has no key\.$/,
    /line 15, clients\.spa\.trusts: A public client has no trust/,
    /line 16, clients\.private\.keys\.0\.jwk: This is a private or symmetric key/,
    /line 17, clients\.symmetric\.keys\.0\.jwk: This is a private or symmetric key/,
    /line 18, clients\.short\.keys\.0\.jwk: This is no public key that can be used/,
    /line 19, clients\.sources\.keys\.0: Give jwk or jwks_uri\.$/,
    /line 19, clients\.sources\.keys\.1: Give jwk or jwks_uri\.$/,
    /line 20, clients\.twice\.keys\.1: This key is there twice\.$/,
    /line 21, clients\.many\.keys: A client has at most 20 keys/,
    /line 22, clients\.host\.keys\.0\.jwks_uri: It must be https/,
    ...['kty', 'crv', 'x', 'y', 'kid'].map(
      name => new RegExp(`line 23, clients\\.bare\\.keys\\.0\\.${name}: There is no such`),
    ),
    /line 27, clients\.trusts\.trusts\.1\.claims: Many have tokens of this issuer/,
    /line 28, clients\.trusts\.trusts\.2\.claims: There are no conditions on iss/,
    /line 29, clients\.trusts\.trusts\.3\.claims: A trust has 1 to 20 conditions\.$/,
    /line 31, clients\.trusts\.trusts\.5: This trust is there twice\.$/,
    /line 32, clients\.number\.trusts\.0\.claims\.repository_id: It is a text: put what looks like something else in quotes\.$/,
    /line 33, clients\.half\.trusts\.0\.claims: It is needed\.$/,
  ]
  const [, ...lines] = stderr.trimEnd().split('\n')
  t.equal(lines.length, expected.length, lines.join('\n'))
  for (const says of expected)
    t.ok(
      lines.some(line => says.test(line)),
      String(says),
    )
  t.notOk(stderr.includes(String(secretKey.d)))
  const nobody = await its.run(
    APPLY,
    textOf({ clients: { a: { trusts: [{ issuer: 'nobody', claims: { a: 'b' } }] } } }),
  )
  t.match(
    nobody.stderr,
    /line 1, clients\.a\.trusts\.0\.issuer: There is no such issuer, and none is defined here\.\n$/,
  )
  t.strictSame(await its.json(['export']), { roles: {}, issuers: {}, clients: { spa: { public: true } } })
})

t.test('an issuer is not changed under trusts that would admit others', async t => {
  const its = await commandLine(t)
  const file = (issuer: object, claims = { ref: 'refs/heads/main' }) =>
    textOf({
      issuers: { builds: { jwks: { keys: [one.jwk] }, issuer: issuerUrl, ...issuer } },
      clients: { named: { trusts: [{ issuer: 'builds', claims }] } },
    })
  await its.text(APPLY, file({}))
  await its.json(['clients', 'add', 'beside'])
  await its.json(['clients', 'add-trust', 'beside', '--issuer', 'builds', '--claim', 'environment=production'])
  const wrong = async (text: string, ...says: readonly RegExp[]) => {
    for (const words of [DRY_RUN, APPLY]) {
      const { code, stderr } = await its.run(words, text)
      t.match([code, stderr.trimEnd().split('\n').slice(1)], [1, says], words.join(' '))
    }
  }
  const withOwner = { ref: 'refs/heads/main', sub: 'one' }
  const beside = /line 1, issuers\.builds: The trust trust_\w+ of the client beside would admit others\. Many have/
  await wrong(file({ shared: true }), /line 1, clients\.named\.trusts\.0\.claims: Many have tokens of this/, beside)
  await wrong(file({ shared: true }, withOwner), beside)
  const [{ id }] = (await its.json(['clients', 'show', 'beside'])).trusts
  await its.json(['clients', 'remove-trust', 'beside', id])
  t.notMatch(await its.text(APPLY, file({}, withOwner)), /~ issuer/)
  t.notMatch(
    await its.text(APPLY, file({ shared: true }, withOwner)),
    /end/,
    'what is only asked of trusts takes no token',
  )
  t.equal((await its.json(['issuers', 'show', 'builds'])).shared, true)
})
