/** `clients add-trust` and `remove-trust`: which conditions there are, and what a client got by one ends with it. */
import t, { type Test } from 'tap'
import { addIssuer, addTrust, addWorker, issuerUrl, newKey, present, workloadClaims } from '../support/assertions.ts'
import { commandLine, isoTime, type Refused } from '../support/command-line.ts'
import { sign } from '../support/hostile-assertions.ts'
import { byTest, serve } from '../support/serve.ts'
import { isRevoked, statusIn, until } from '../support/status-list.ts'

const service = await serve(t)
const { json, text } = await commandLine(t, service.environment)
const refuses = async (t: Test, cases: readonly Refused[]) => (await commandLine(t, service.environment)).refuses(cases)
const key = newKey()
await addIssuer(service, key)
await addWorker(service)

const claim = (...pairs: readonly string[]) => pairs.flatMap(pair => ['--claim', pair])
const adding = (...pairs: readonly string[]) => [
  'clients',
  'add-trust',
  'worker',
  '--issuer',
  'builds',
  ...claim(...pairs),
]
const tokenWith = (claims: object) => sign(key, workloadClaims(service, Date.now(), { ...claims }))

t.test('a trust is added and shown, and what the client got by it ends when it is removed', async t => {
  const added = await json(adding('ref=refs/heads/v=1', '/repository_id=42', '/a/b=c'))
  t.match(added.trust_id, /^trust_[0-9a-f]{32}$/)
  const claims = { '/a/b': 'c', ref: 'refs/heads/v=1', repository_id: '42' }
  const trust = { id: added.trust_id, issuer: 'builds', claims, last_used_at: null }
  t.strictSame(added.trusts, [{ ...trust, created_at: added.trusts[0].created_at }])
  t.match(added.trusts[0].created_at, isoTime)

  const token = tokenWith({ ref: 'refs/heads/v=1', repository_id: 42, a: { b: 'c' } })
  const { status, body } = await present(service, token)
  t.equal(status, 200)
  const { access_token: access } = body
  t.notOk(await isRevoked(statusIn(access)))
  await until(async () => (await json(['clients', 'show', 'worker'])).trusts[0].last_used_at !== null)

  t.match(await text(adding('ref=other')), /^Added trust_[0-9a-f]{32}\n$/)
  t.equal((await json(['clients', 'show', 'worker'])).trusts.length, 2)
  const left = await json(['clients', 'remove-trust', 'worker', added.trust_id])
  t.match(left.trusts, [{ claims: { ref: 'other' } }])
  t.equal((await present(service, token)).status, 401)
  t.ok(await isRevoked(statusIn(access)))
  t.equal(await text(['clients', 'remove-trust', 'worker', left.trusts[0].id]), `Removed ${left.trusts[0].id}\n`)
})

t.test('there are no conditions on what every token is asked for, and none that no claim could have', async t => {
  const reserved = ['iss', 'aud', 'azp', 'exp', 'nbf', 'iat', 'jti', '/iss', '/aud/0', '/exp', '/jti', '/iss/x']
  const noNames = ['/a~2b', '/a~', '/~', 'a\u0000b', 'a\u202Eb', 'x'.repeat(513)]
  const noValues = ['', 'a\nb', 'a\u0000', 'x'.repeat(1025)]
  await refuses(t, [
    ...reserved.map(name => ({
      words: adding(`${name}=x`),
      code: 1 as const,
      says: /There are no conditions on iss, aud, azp/,
    })),
    ...noNames.map(name => ({
      words: adding(`${name}=x`),
      code: 1 as const,
      says: /is named as it is spelt, or by a JSON Pointer/,
    })),
    ...noValues.map(value => ({
      words: adding(`ref=${value}`),
      code: 1 as const,
      says: /has 1 to 1024 printable characters\. There are no patterns/,
    })),
    ...['ref', '=x', ''].map(pair => ({ words: adding(pair), code: 2 as const, says: /It is NAME=VALUE/ })),
    { words: adding(), code: 2, says: /required option .--claim/ },
    { words: adding('ref=x', 'ref=y'), code: 1, says: /A claim has one condition at most/ },
    { words: adding('ref=x', '/ref=x'), code: 1, says: /A claim has one condition at most/ },
    { words: adding(...Array.from({ length: 21 }, (_, at) => `claim-${at}=x`)), code: 1, says: /1 to 20 conditions/ },
    { words: ['clients', 'add-trust', 'worker', ...claim('ref=x')], code: 2, says: /--issuer/ },
    {
      words: ['clients', 'add-trust', 'worker', '--issuer', 'nobody', ...claim('ref=x')],
      code: 1,
      says: /no such issuer/,
    },
    {
      words: ['clients', 'add-trust', 'nobody', '--issuer', 'builds', ...claim('ref=x')],
      code: 1,
      says: /no such client/,
    },
    { words: ['clients', 'remove-trust', 'worker', 'trust_1'], code: 1, says: /no such trust/ },
  ])
  t.strictSame((await json(['clients', 'show', 'worker'])).trusts, [])
})

t.test('the same trust is added once, in whichever order, and a client has at most 20', async t => {
  await json(adding('a=x', 'b=y'))
  await refuses(t, [
    { words: adding('b=y', 'a=x'), code: 1, says: /has this trust already/ },
    { words: adding('/b=y', '/a=x'), code: 1, says: /has this trust already/ },
  ])
  for (let at = 1; at < 20; at += 1) await addTrust(service, 'worker', [{ name: 'n', value: String(at) }])
  await refuses(t, [{ words: adding('n=20'), code: 1, says: /at most 20 trusts/ }])
  t.equal((await json(['clients', 'show', 'worker'])).trusts.length, 20)
  await addIssuer(service, key, { url: `${issuerUrl}/2` }, 'again')
  await addWorker(service, 'second')
  for (const issuer of ['builds', 'again'])
    await json(['clients', 'add-trust', 'second', '--issuer', issuer, ...claim('a=x')])
  t.equal((await json(['clients', 'show', 'second'])).trusts.length, 2, 'of another issuer it is another one')
})

t.test('a public client can prove nothing', async t => {
  await json(['clients', 'add', 'spa', '--public'])
  await refuses(t, [
    {
      words: ['clients', 'add-trust', 'spa', '--issuer', 'builds', ...claim('a=x')],
      code: 1,
      says: /public client has no trust/,
    },
  ])
})

/** Issuers of which everybody has tokens, with what names an owner there and what does not. */
const shared: Readonly<Record<string, { readonly owners: readonly string[]; readonly others: readonly string[] }>> = {
  'https://token.actions.githubusercontent.com': {
    owners: ['sub', 'repository_id', 'repository_owner_id'],
    others: ['ref', 'environment', 'repository', 'actor', 'project_id', '/sub/0', '/repository_id/0', 'Sub'],
  },
  'https://gitlab.com': {
    owners: ['sub', 'project_id', 'namespace_id', 'job_project_id'],
    others: ['ref', 'ref_protected', 'user_email', 'project_path', 'repository_id'],
  },
  'https://accounts.google.com': { owners: ['sub'], others: ['email', 'hd', 'project_id'] },
  'https://agent.buildkite.com': { owners: ['organization_id', 'pipeline_id'], others: ['sub', 'build_branch'] },
  'https://oidc.vercel.com': { owners: ['owner_id', 'project_id'], others: ['sub', 'environment'] },
  'https://app.terraform.io': {
    owners: ['terraform_organization_id', 'terraform_workspace_id'],
    others: ['sub', 'terraform_run_phase', 'terraform_workspace_name'],
  },
  'https://ci.example.com': {
    owners: ['sub', 'repository_id', 'namespace_id', 'organization_id', 'terraform_workspace_id'],
    others: ['ref', 'branch'],
  },
}

t.test('of an issuer that many share one condition names whose token it is to be', async t => {
  for (const [at, [url, { owners, others }]] of Object.entries(shared).entries()) {
    const name = `shared-${at}`
    // Nobody need say so of those that are known.
    await addIssuer(service, key, { url, isShared: url === 'https://ci.example.com' }, name)
    t.equal((await service.issuers.find(name)).isShared, true)
    await addWorker(service, name)
    const trusting = (...pairs: readonly string[]) => [
      'clients',
      'add-trust',
      name,
      '--issuer',
      name,
      ...claim(...pairs),
    ]
    await refuses(
      t,
      [...others.map(each => [each]), others].map(each => ({
        words: trusting(...each.map(one => `${one}=x`)),
        code: 1,
        says: new RegExp(
          `Many have tokens of this issuer: one condition must say whose it is\\. It is on one of .*${owners[0]}`,
        ),
      })),
    )
    for (const owner of owners) await addTrust(service, name, [{ name: owner, value: 'x' }], name)
    await addTrust(
      service,
      name,
      [
        { name: `/${owners[0]}`, value: 'y' },
        { name: 'ref', value: 'x' },
      ],
      name,
    )
    t.equal((await service.clients.find(name)).trusts.length, owners.length + 1)
  }
  // Of one that belongs to somebody a branch is enough.
  await addWorker(service, 'third')
  await service.clients.addTrust('third', 'builds', [{ name: 'ref', value: 'main' }], byTest)
})

t.test('a subject lies in the trust domain', async t => {
  await service.issuers.add(
    'spire',
    {
      ...{ url: null, trustDomain: 'example.org', audience: null, maxLifetimeSeconds: 3600, isShared: false },
      keySource: { kind: 'bundle_uri', uri: 'https://spire.example.org/bundle' },
    },
    byTest,
  )
  const subjects = [
    'spiffe://example.com/a',
    'spiffe://example.org',
    'spiffe://example.org.evil/a',
    'SPIFFE://example.org/a',
    'a',
  ]
  await refuses(
    t,
    subjects.map(sub => ({
      words: ['clients', 'add-trust', 'third', '--issuer', 'spire', ...claim(`sub=${sub}`)],
      code: 1,
      says: /begins with spiffe:\/\/example\.org\//,
    })),
  )
  await json(['clients', 'add-trust', 'third', '--issuer', 'spire', ...claim('sub=spiffe://example.org/a')])
})
