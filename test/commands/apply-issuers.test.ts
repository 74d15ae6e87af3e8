import t from 'tap'
import {
  addIssuer,
  addKey,
  addTrust,
  addWorker,
  clientClaims,
  issuerUrl,
  newKey,
  present,
  signed,
  workloadClaims,
} from '../support/assertions.ts'
import { commandLine } from '../support/command-line.ts'
import { APPLY, applying, DRY_RUN, textOf } from '../support/definitions.ts'
import { isListed } from '../support/scene.ts'
import { api, type Service, serve } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'

// Each has a database of its own.
t.jobs = 2

const [one, two, unnamed, same] = [
  newKey('ES256', 'one'),
  newKey('RS256', 'two'),
  newKey('EdDSA'),
  newKey('ES384', 'one'),
]
const { kid: _, ...withoutKid } = unnamed.jwk
const uri = 'https://worker.example.com/keys'
const worker = { grants: ['client_credentials'], audiences: [api] }
const builds = { issuer: issuerUrl, jwks: { keys: [one.jwk, two.jwk] } }
const github = 'https://token.actions.githubusercontent.com'
const main = { issuer: 'builds', claims: { sub: 'one', repository_id: '4711' } }

const first = {
  issuers: {
    builds,
    github: { issuer: github },
    spire: { spiffe: 'example.org', bundle_uri: 'https://spire.example.org/bundle' },
  },
  clients: {
    ...{ plain: {}, signing: { ...worker, keys: [{ jwk: one.jwk }, { jwk: withoutKid }, { jwks_uri: uri }] } },
    worker: { ...worker, trusts: [main, { issuer: 'old', claims: { '/a/b': 'true' } }] },
  },
}

t.test('issuers, keys and trusts are made as the file says, twice changes nothing, and the rest is left', async t => {
  const its = await commandLine(t)
  const { json, text, run } = its
  const { apply, dryRun } = applying(its)
  const old = ['issuers', 'add', 'old', '--issuer', 'https://old.example.com', '--jwks', '-']
  await json(old, textOf({ keys: [one.jwk] }))
  const rest = 'not in the file: issuer old'
  const lines = [
    '+ issuer builds',
    `    issuer: ${issuerUrl}`,
    '    jwks: one, two',
    '    max_lifetime: 1h',
    '+ issuer github',
    `    issuer: ${github}`,
    '    max_lifetime: 1h',
    '    shared: true',
    '+ issuer spire',
    '    spiffe: example.org',
    '    bundle_uri: https://spire.example.org/bundle',
    '    max_lifetime: 1h',
    '+ client plain (confidential)',
    '+ client signing (confidential)',
    '    grants: client_credentials',
    `    audiences: ${api}`,
    /^ {4}keys: one, [\w-]{43},$/,
    '        https://worker.example.com/keys',
    '+ client worker (confidential)',
    '    grants: client_credentials',
    `    audiences: ${api}`,
    '    trusts: builds with repository_id=4711 and sub=one, old with /a/b=true',
    rest,
  ]
  const dry = await run(DRY_RUN, textOf(first))
  t.match(dry.stdout.trimEnd().split('\n'), lines)
  t.strictSame([dry.code, dry.stdout.split('\n').length], [3, lines.length + 1])
  t.strictSame([(await json(['issuers', 'list'])).length, await json(['clients', 'list'])], [1, []], 'and no more')
  t.equal(
    (await text(APPLY, textOf(first))).split(`${rest}\n`)[1],
    'Applied: no roles, 3 issuers, 3 clients\nplain has no secret: signet clients add-secret plain\n',
    'who has a key or a trust needs none',
  )
  t.match(await json(['issuers', 'show', 'builds']), { issuer: issuerUrl, max_lifetime: 3600, shared: false })
  const [signing, trusting] = [await json(['clients', 'show', 'signing']), await json(['clients', 'show', 'worker'])]
  t.match(signing.keys.map(({ kid, alg }: { kid: string; alg: string }) => [kid, alg]).sort(), [
    [null, null],
    [null, 'EdDSA'],
    ['one', 'ES256'],
  ])
  t.strictSame(trusting.trusts.map(({ issuer }: { issuer: string }) => issuer).sort(), ['builds', 'old'])

  const before = await json(['audit', 'list'])
  const otherwise = structuredClone(first)
  otherwise.issuers.builds.jwks.keys.reverse()
  otherwise.clients.signing.keys.reverse()
  otherwise.clients.worker.trusts.reverse()
  for (const file of [first, otherwise]) t.match(await dryRun(file), { code: 0, changes: [], without_secret: [] })
  t.match(await apply(otherwise), { applied: false })
  t.strictSame(await json(['clients', 'show', 'worker']), trusting, 'the same rows')
  t.strictSame(await json(['audit', 'list']), before, 'and nobody reads of it')

  const second = {
    issuers: {
      builds: { ...builds, jwks: { keys: [same.jwk, two.jwk] }, audience: 'us', max_lifetime: '25h' },
      spire: { spiffe: 'example.org', jwks_uri: 'https://spire.example.org/keys', shared: true },
    },
    clients: {
      signing: { ...worker, keys: [{ jwk: two.jwk }, { jwk: { ...withoutKid, kid: 'named' } }] },
      worker: { ...worker, trusts: [{ ...main, claims: { sub: 'two' } }], status: 'disabled' },
    },
  }
  const described = await dryRun(second)
  const thumbprint = /^one \(ES(256|384), [\w-]{43}\)$/
  t.match(described.changes, [
    {
      ...{ change: 'update', issuer: 'builds', ends: 'access_tokens' },
      members: {
        jwks: { added: [thumbprint], removed: [thumbprint] },
        ...{ audience: { before: null, after: 'us' }, max_lifetime: { before: '1h', after: '25h' } },
      },
    },
    {
      ...{ change: 'update', issuer: 'spire', ends: null },
      members: {
        bundle_uri: { before: 'https://spire.example.org/bundle', after: null },
        ...{ jwks_uri: { before: null }, shared: { before: false, after: true } },
      },
    },
    {
      ...{ change: 'update', client_id: 'signing', ends: 'own_tokens' },
      members: { keys: { added: ['two', 'named'], removed: { length: 3 } } },
    },
    {
      ...{ change: 'update', client_id: 'worker', ends: 'sessions' },
      members: {
        trusts: {
          added: [{ issuer: 'builds', claims: { sub: 'two' } }],
          removed: { length: 2 },
        },
        status: { after: 'disabled' },
      },
    },
  ])
  t.equal(described.changes.length, 4)
  for (const { jwk } of [one, two, unnamed, same])
    for (const number of [jwk['x'], jwk['n']])
      t.notOk(number !== undefined && JSON.stringify(described).includes(number), 'no key as a whole')
  const applied = await text(APPLY, textOf(second))
  t.match(applied, /~ issuer builds\n[^~]* {4}access tokens that clients were given for its tokens end\n/)
  t.match(applied, /~ client signing\n[^~]* {4}what it got for itself with a key or trust that is removed ends\n/)
  const types = (await json(['audit', 'list'])).slice(before.length).map(({ type }: { type: string }) => type)
  t.strictSame(types.sort(), [
    ...['client.add_key', 'client.add_key', 'client.add_trust', 'client.disable'],
    ...['client.remove_key', 'client.remove_key', 'client.remove_key', 'client.remove_trust', 'client.remove_trust'],
    ...['issuer.update', 'issuer.update'],
  ])
  t.match(await dryRun(second), { code: 0, changes: [] })
  t.match(await apply({ clients: { signing: worker } }), {
    changes: [{ members: { keys: { added: [], removed: { length: 2 } } } }],
    not_in_file: { issuers: ['builds', 'github', 'old', 'spire'], clients: ['plain', 'worker'] },
  })
})

/** Tokens of worker: by a key, and for a workload's token. */
async function tokensOf(service: Service, keys: { readonly own: typeof one; readonly issuers: typeof one }) {
  const own = await present(service, await signed(keys.own, clientClaims(service, Date.now())))
  const ofWorkload = await present(service, await signed(keys.issuers, workloadClaims(service, Date.now())))
  return { own: own.body.access_token as string, ofWorkload: ofWorkload.body.access_token as string }
}

t.test('what ends by it ends at once: with a key or a trust that goes what it gave, and nothing besides', async t => {
  const service = await serve(t)
  const { apply, exported } = applying(await commandLine(t, service.environment))
  const keys = { own: newKey(), issuers: newKey() }
  await addIssuer(service, keys.issuers)
  await addWorker(service)
  await addKey(service, keys.own)
  await addTrust(service)
  const file = await exported()
  const [tokens, wanted] = [await tokensOf(service, keys), structuredClone(file)]
  const listed = () => Promise.all([tokens.own, tokens.ofWorkload].map(isListed))

  wanted.clients.worker.trusts.push({ issuer: 'more', claims: { sub: 'more' } })
  wanted.issuers.more = { issuer: 'https://more.example.com' }
  await apply(wanted)
  t.strictSame(await listed(), [false, false], 'what is added takes nothing')

  wanted.issuers.builds.max_lifetime = '2h'
  t.match(await apply(wanted), { changes: [{ ends: 'access_tokens' }] })
  t.strictSame(await listed(), [false, true], 'an issuer that is changed is asked again')
  t.equal((await present(service, await signed(keys.issuers, workloadClaims(service, Date.now())))).status, 200)

  wanted.clients.worker.trusts = wanted.clients.worker.trusts.slice(1)
  const between = await tokensOf(service, keys)
  t.match(await apply(wanted), { changes: [{ ends: 'own_tokens' }] })
  t.strictSame(await Promise.all([between.own, between.ofWorkload].map(isListed)), [false, true])
  t.equal((await present(service, await signed(keys.issuers, workloadClaims(service, Date.now())))).status, 401)

  delete wanted.clients.worker.keys
  await apply(wanted)
  t.equal(await isListed(between.own), true)
  t.equal((await present(service, await signed(keys.own, clientClaims(service, Date.now())))).status, 401)
  t.strictSame(select(service.databaseFile, 'select id from cascades'), [], 'nothing is left to be done')
  await apply(file)
  const again = await tokensOf(service, keys)
  t.strictSame(await Promise.all([again.own, again.ofWorkload].map(isListed)), [false, false], 'and back')
})
