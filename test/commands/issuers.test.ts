/** `signet issuers`: whom one may trust, and what is known of the keys. */
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { addTrust, addWorker, issuerUrl, newKey, present, workloadClaims } from '../support/assertions.ts'
import { commandLine, isoTime, type Refused } from '../support/command-line.ts'
import { sign } from '../support/hostile-assertions.ts'
import { serve, temporaryFolder } from '../support/serve.ts'
import { isRevoked, statusIn } from '../support/status-list.ts'

const key = newKey('ES256', 'good')
const secret = newKey('ES256', 'secret')
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
/** As somebody publishes it who is not careful. */
const careless = {
  keys: [
    { ...key.jwk, alg: 'ES256', use: 'sig' },
    { ...secret.privateKey.export({ format: 'jwk' }), kid: 'secret' },
    { ...weak, kid: 'weak' },
    { ...newKey().jwk, kid: undefined },
    { ...newKey().jwk, kid: 'enc', use: 'enc' },
    { ...newKey().jwk, kid: 'twice' },
    { ...newKey().jwk, kid: 'twice' },
    'nonsense',
  ],
}
const documents: Readonly<Record<string, unknown>> = {
  [`${issuerUrl}/.well-known/openid-configuration`]: { issuer: issuerUrl, jwks_uri: `${issuerUrl}/jwks` },
  [`${issuerUrl}/jwks`]: careless,
  'https://other.example.com/.well-known/openid-configuration': { issuer: issuerUrl, jwks_uri: `${issuerUrl}/jwks` },
}
const fetch = () => async (uri: string) => {
  if (documents[uri] === undefined) throw new Error('It is away.')
  return new TextEncoder().encode(JSON.stringify(documents[uri]))
}

const service = await serve(t, { faults: { fetch } })
const lines = (t: Test) => commandLine(t, service.environment, undefined, { fetch })
const { json, run, text } = await lines(t)
const refuses = async (t: Test, cases: readonly Refused[]) => (await lines(t)).refuses(cases)
const folder = temporaryFolder(t)
const file = (name: string, value: unknown) => {
  const path = join(folder, name)
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value))
  return path
}
const jwks = file('jwks.json', { keys: [key.jwk] })
await addWorker(service)

t.test('an issuer is added, listed, shown, changed and removed, and what was given for its tokens ends', async t => {
  const added = await json(['issuers', 'add', 'ci', '--issuer', issuerUrl, '--jwks', jwks, '--max-lifetime', '2h'])
  const members = {
    ...{
      name: 'ci',
      id: added.id,
      issuer: issuerUrl,
      spiffe: null,
      keys_from: 'jwks',
      jwks_uri: null,
      bundle_uri: null,
    },
    ...{ audience: null, max_lifetime: 7200, shared: false, created_at: added.created_at },
  }
  const keys = { keys: [{ kid: 'good', alg: 'ES256' }], keys_left_out: [], keys_fetched_at: null, keys_failure: null }
  t.strictSame(added, { ...members, ...keys })
  t.match([added.id, added.created_at], [/^issuer_[0-9a-f]{32}$/, isoTime])
  t.strictSame(await json(['issuers', 'list']), [members])
  t.strictSame(await json(['issuers', 'show', 'ci']), added)
  t.match(await text(['issuers', 'list']), /^NAME +ISSUER +KEYS FROM +LIFETIME\nci +https:\S+ +jwks +2h\n$/)
  t.match(await text(['issuers', 'show', 'ci']), /^Longest lifetime: {2}2h\n(?:.*\n)*Keys: +good {2}ES256\n$/m)

  await addTrust(service, 'worker', undefined, 'ci')
  const token = sign(key, workloadClaims(service, Date.now()))
  const { body } = await present(service, token)
  t.notOk(await isRevoked(statusIn(body.access_token)))
  const longer = sign(key, workloadClaims(service, Date.now(), { exp: Math.floor(Date.now() / 1000) + 7000 }))
  t.equal((await present(service, longer)).status, 200)

  const updated = await json(['issuers', 'update', 'ci', '--max-lifetime', '1h'])
  t.strictSame(updated, { ...added, max_lifetime: 3600 }, 'the rest is kept')
  t.ok(await isRevoked(statusIn(body.access_token)))
  t.equal((await present(service, longer)).status, 401)
  const { status, body: after } = await present(service, token)
  t.equal(status, 200, 'the client goes on')

  t.strictSame(await json(['issuers', 'remove', 'ci']), { name: 'ci', removed: true })
  t.ok(await isRevoked(statusIn(after.access_token)))
  t.equal((await present(service, token)).status, 401)
  t.strictSame((await json(['clients', 'show', 'worker'])).trusts, [])
  t.strictSame(await json(['issuers', 'list']), [])
})

t.test(
  'it is said which of its keys were fetched, which were left out and why, and that they could not be had',
  async t => {
    const { code, stdout, stderr } = await run(['issuers', 'add', 'web', '--json', '--issuer', issuerUrl])
    const leftOut = [
      { kid: 'secret', problem: 'It is symmetric, or holds its private half.' },
      { kid: 'weak', problem: 'It has fewer than 2048 bits.' },
      { kid: null, problem: 'It has no kid.' },
      { kid: 'enc', problem: 'It is for another use than sig.' },
      { kid: null, problem: 'It is no JWK.' },
      ...Array.from({ length: 2 }, () => ({ kid: 'twice', problem: 'Another key has the same kid.' })),
    ]
    const found = {
      keys: [{ kid: 'good', alg: 'ES256' }],
      keys_left_out: leftOut,
      keys_fetched_at: isoTime,
      keys_failure: null,
    }
    t.equal(code, 0)
    t.match(JSON.parse(stdout), found)
    for (const { kid, problem } of leftOut) t.ok(stderr.includes(`Left out, key ${kid ?? 'without a kid'}: ${problem}`))
    t.match(await json(['issuers', 'show', 'web']), found)
    const shown = await text(['issuers', 'show', 'web'])
    t.match(
      shown,
      /^Keys fetched: +20\S+Z \(.+\)\nKeys: +good {2}ES256\nLeft out: +secret:\n +It is symmetric, or holds its private half\.$/m,
    )
    t.notOk(shown.includes(String(secret.privateKey.export({ format: 'jwk' }).d)))

    const away = await run(['issuers', 'update', 'web', '--json', '--jwks-uri', `${issuerUrl}/away`])
    t.match([away.code, away.stderr], [0, /Its keys could not be fetched: It is away\./])
    t.match(JSON.parse(away.stdout), {
      keys: [],
      keys_fetched_at: null,
      keys_failure: { at: isoTime, problem: 'It is away.' },
    })
    t.match(
      await text(['issuers', 'show', 'web']),
      /^Keys fetched: +never\n +could not be fetched at 20\S+ \(.+\):\n +It is away\.$/m,
    )
    const mistyped = await run(['issuers', 'add', 'typo', '--issuer', 'https://other.example.com'])
    t.match(mistyped.stderr, /Its discovery document is that of another issuer: compare the two URLs\./)
  },
)

t.test('a token for others, too, is told of', async t => {
  const add = async (name: string, audience: string) =>
    (await run(['issuers', 'add', name, '--issuer', `${issuerUrl}/${name}`, '--jwks', jwks, '--audience', audience]))
      .stderr
  t.match(
    await add('elsewhere', 'sts.amazonaws.com'),
    /^Tokens for another audience than this service are presented elsewhere, too/,
  )
  t.equal(await add('ours', service.issuer), '')
})

t.test('whom one can not trust is refused', async t => {
  const add = (...words: readonly string[]) => ['issuers', 'add', 'x', ...words]
  const by = (url: string, ...more: readonly string[]) => add('--issuer', url, '--jwks', jwks, ...more)
  const urls = [
    '',
    'x',
    'issuer.example.com',
    'ftp://issuer.example.com',
    `${issuerUrl}?a=b`,
    `${issuerUrl}#a`,
    `${issuerUrl}/ x`,
  ]
  const withSecret = { keys: [key.jwk, { ...secret.privateKey.export({ format: 'jwk' }), kid: 'secret' }] }
  const noSets = [
    { keys: [] },
    { keys: 'x' },
    key.jwk,
    [],
    { keys: [{ ...weak, kid: 'weak' }] },
    { keys: [{ ...key.jwk, kid: undefined }] },
  ]
  const isWrong = (says: RegExp, ...all: readonly (readonly string[])[]): readonly Refused[] =>
    all.map(words => ({ words, code: 1, says }))
  await refuses(t, [
    ...isWrong(
      /is an https URL without query and fragment/,
      ...[...urls.slice(1), 'https://a:b@issuer.example.com'].map(url => by(url)),
    ),
    ...isWrong(/Plain http is for loopback hosts alone/, by('http://issuer.example.com')),
    ...isWrong(/This service is no issuer of the tokens of others/, by(service.issuer), by(`${service.issuer}/`)),
    ...isWrong(
      /An audience has 1 to 1024 printable characters/,
      by(issuerUrl, '--audience', 'a b'),
      by(issuerUrl, '--audience', 'x'.repeat(1025)),
    ),
    ...isWrong(
      /The audience is whom the tokens are for, and that is not their issuer/,
      by(issuerUrl, '--audience', issuerUrl),
    ),
    ...isWrong(
      /live for 1m to 7d at most/,
      by(issuerUrl, '--max-lifetime', '59s'),
      by(issuerUrl, '--max-lifetime', '8d'),
    ),
    ...isWrong(
      /A trust domain has lower-case letters/,
      add('--spiffe', 'spiffe://example.org', '--bundle-uri', 'https://x.example.com'),
    ),
    ...isWrong(
      /The keys of a trust domain live a day: they are fetched/,
      add('--spiffe', 'example.org', '--jwks', jwks),
    ),
    ...isWrong(/at its bundle endpoint, or at a jwks_uri/, add('--spiffe', 'example.org')),
    ...isWrong(/A bundle is of a trust domain/, add('--issuer', issuerUrl, '--bundle-uri', 'https://x.example.com')),
    ...isWrong(
      /Its address must be a public one/,
      add('--issuer', issuerUrl, '--jwks-uri', 'https://10.0.0.1/'),
      add('--issuer', 'https://[::1]'),
    ),
    ...isWrong(/The file holds a private or symmetric key/, by(issuerUrl).with(-1, file('secret.json', withSecret))),
    ...noSets.flatMap((set, at) =>
      isWrong(/no set of keys that can be used/, by(issuerUrl).with(-1, file(`none-${at}.json`, set))),
    ),
    ...isWrong(/no JSON/, by(issuerUrl).with(-1, file('pem', '-----BEGIN PUBLIC KEY-----'))),
    ...isWrong(/There is an issuer with this name already/, [
      'issuers',
      'add',
      'web',
      '--issuer',
      issuerUrl,
      '--jwks',
      jwks,
    ]),
    ...isWrong(
      /The name of an issuer has 1 to 64 letters/,
      ...['', '-', 'a b', 'x'.repeat(65)].map(name => [
        'issuers',
        'add',
        '--jwks',
        jwks,
        '--issuer',
        issuerUrl,
        '--',
        name,
      ]),
    ),
    ...isWrong(/no such issuer/, ...['show', 'remove'].map(verb => ['issuers', verb, 'nobody']), [
      'issuers',
      'update',
      'nobody',
      '--max-lifetime',
      '1h',
    ]),
    ...isWrong(/This service is no issuer/, ['issuers', 'update', 'web', '--issuer', service.issuer]),
    { words: add('--jwks', jwks), code: 2, says: /Give --issuer URL, or --spiffe/ },
    { words: by(issuerUrl, '--jwks-uri', issuerUrl), code: 2, says: /Give one of --jwks-uri, --jwks and --bundle-uri/ },
    { words: ['issuers', 'update', 'web'], code: 2, says: /Say what to update/ },
  ])
  t.match(
    (await json(['issuers', 'list'])).map(({ name }: { name: string }) => name),
    ['elsewhere', 'ours', 'typo', 'web'],
  )
})
