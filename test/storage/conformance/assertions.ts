import type { Test } from 'tap'
import type { ClientKey } from '../../../src/records/client-key.ts'
import type { KeyLocation } from '../../../src/records/fetched-keys.ts'
import type { TrustedIssuer } from '../../../src/records/trusted-issuer.ts'
import { clientOf, type Engine, farMs, farSeconds, insertClient, openMigrated } from './records.ts'

const jwk = { kid: 'one', alg: 'ES256', kty: 'EC', crv: 'P-256', x: 'x', y: 'y' } as const

const builds: TrustedIssuer = {
  ...{ id: 'issuer_1', name: 'builds', url: 'https://issuer.example.com/', trustDomain: null },
  ...{ keySource: { kind: 'jwks', keys: [jwk] }, audience: 'us', maxLifetimeSeconds: 3600, isShared: true },
  ...{ createdAtMs: farMs, revision: 0 },
}
const spire: TrustedIssuer = {
  ...{ id: 'issuer_2', name: 'spire', url: null, trustDomain: 'example.org' },
  ...{ keySource: { kind: 'bundle_uri', uri: 'https://spire.example.org' }, audience: null },
  ...{ maxLifetimeSeconds: farSeconds % 100_000, isShared: false, createdAtMs: farMs, revision: 0 },
}

const trustIn = (issuerId: string, id: string, sub: string) => ({
  ...{ id, issuerId, createdAtMs: farMs },
  conditions: [
    { name: 'sub', value: sub },
    { name: '/a/b', value: 'x=y' },
  ],
})

export function assertionChecks(t: Test, engine: Engine): void {
  t.test('trusted issuers: with every field, in the order of their names, changed with their revision', async t => {
    const { read, write } = await openMigrated(t, engine)
    const added = await write(async ({ trustedIssuers }) => [
      await trustedIssuers.insert(spire),
      await trustedIssuers.insert(builds),
      await trustedIssuers.insert({ ...builds, id: 'issuer_3' }),
    ])
    t.strictSame(added, [true, true, false], 'a name is given once')
    t.strictSame(await read.trustedIssuers.list(), [builds, spire])
    t.strictSame(await read.trustedIssuers.find('spire'), spire)
    t.strictSame(await read.trustedIssuers.findSome(['issuer_2', 'issuer_9']), [spire])
    t.strictSame(await read.trustedIssuers.findSome([]), [])
    const { id: _id, name: _name, createdAtMs: _at, revision: _revision, ...settings } = spire
    await write(({ trustedIssuers }) => trustedIssuers.update('issuer_1', settings))
    const now = await write(async ({ trustedIssuers }) => [
      await trustedIssuers.lock('builds'),
      await trustedIssuers.lockShared('issuer_1'),
      await trustedIssuers.lockShared('issuer_9'),
    ])
    t.strictSame(now, [{ ...builds, ...settings, revision: 1 }, 1, undefined])
    await write(({ trustedIssuers }) => trustedIssuers.remove('issuer_1'))
    t.strictSame(await read.trustedIssuers.list(), [spire])
  })

  t.test('keys and trusts come with their client, and a trust with the name of its issuer', async t => {
    const { read, write } = await openMigrated(t, engine)
    const keys: readonly ClientKey[] = [
      { id: 'jwk_1', source: { jwk }, createdAtMs: farMs, lastUsedAtMs: null },
      { id: 'jwk_2', source: { jwksUri: 'https://client.example.com/keys' }, createdAtMs: farMs, lastUsedAtMs: null },
    ]
    const trust = trustIn('issuer_1', 'trust_1', 'someone')
    await write(async stores => {
      await stores.trustedIssuers.insert(builds)
      await insertClient(stores, clientOf('worker'))
      await insertClient(stores, clientOf('other'))
      for (const key of keys) await stores.credentials.insertKey('client_worker', key)
      await stores.credentials.insertTrust('client_worker', trust)
    })
    const trusts = [{ ...trust, issuerName: 'builds', lastUsedAtMs: null }]
    t.match(await read.clients.find('worker'), { keys, trusts, secrets: [] })
    t.match((await read.clients.list()).at(-1), { clientId: 'worker', keys, trusts })
    t.strictSame((await read.clients.find('other'))?.trusts, [])
    await write(({ credentials }) => credentials.revoke('jwk_1', farMs))
    await write(({ trustedIssuers }) => trustedIssuers.remove('issuer_1'))
    const after = await read.clients.find('worker')
    t.strictSame([after?.keys.length, after?.trusts[0]?.issuerName], [1, null])
  })

  t.test('a subject of a trust domain is trusted by those who are active and have not revoked it', async t => {
    const { read, write } = await openMigrated(t, engine)
    await write(async stores => {
      await stores.trustedIssuers.insert(builds)
      await stores.trustedIssuers.insert(spire)
      for (const [index, name] of ['a', 'b', 'c', 'd'].entries()) {
        await insertClient(stores, clientOf(name))
        const trust = trustIn(name === 'd' ? 'issuer_1' : 'issuer_2', `trust_${index}`, 'same')
        await stores.credentials.insertTrust(`client_${name}`, trust)
      }
    })
    const trusting = () => read.clients.trustingSubject('same')
    t.strictSame(await trusting(), ['a', 'b'], 'two are as many as anybody asks for')
    await write(({ clients }) => clients.setStatus('client_a', 'disabled'))
    t.strictSame(await trusting(), ['b', 'c'], 'not by one of an issuer that is no trust domain')
    await write(({ credentials }) => credentials.revoke('trust_1', farMs))
    t.strictSame(await trusting(), ['c'])
    t.strictSame(await read.clients.trustingSubject('other'), [])
    const next = (after: string) => write(({ credentials }) => credentials.nextTrustIn('issuer_2', after))
    t.strictSame(await next(''), { id: 'trust_0', ownerId: 'client_a' })
    t.strictSame(await next('trust_0'), { id: 'trust_2', ownerId: 'client_c' })
    t.equal(await next('trust_2'), undefined)
  })

  t.test('an assertion is used once until it is over', async t => {
    const { write } = await openMigrated(t, engine)
    const use = (hash: string) => write(({ usedAssertions }) => usedAssertions.use(hash, farMs), 'one statement')
    t.strictSame([await use('a'), await use('a'), await use('b')], [true, false, true])
    const remove = (nowMs: number) => write(({ usedAssertions }) => usedAssertions.removeExpired(nowMs, 1))
    t.equal(await remove(farMs - 1), 0)
    t.strictSame([await remove(farMs), await remove(farMs), await remove(farMs)], [1, 1, 0])
    t.equal(await use('a'), true)
  })

  t.test('fetched keys: the last ones, by where they are, until nobody fetches them any more', async t => {
    const { read, write } = await openMigrated(t, engine)
    const location = { kind: 'jwks', uri: 'https://issuer.example.com/keys' } as const
    t.equal(await read.fetchedKeys.find(location), undefined)
    const fetched = { keys: [jwk], leftOut: [{ kid: 'two', problem: 'why' }], fetchedAtMs: farMs, failure: undefined }
    await write(({ fetchedKeys }) => fetchedKeys.put(location, fetched))
    t.strictSame(await read.fetchedKeys.find(location), fetched)
    t.equal(await read.fetchedKeys.find({ ...location, kind: 'bundle' }), undefined)
    const failure = { atMs: farMs + 5, message: 'it is away' }
    const fail = (at: KeyLocation) => write(({ fetchedKeys }) => fetchedKeys.putFailure(at, failure))
    await fail(location)
    const failed = { ...fetched, failure }
    t.strictSame(await read.fetchedKeys.find(location), failed)
    await fail({ ...location, kind: 'bundle' })
    const never = { keys: [], leftOut: [], fetchedAtMs: undefined, failure }
    t.strictSame(await read.fetchedKeys.find({ ...location, kind: 'bundle' }), never)
    const remove = (beforeMs: number) => write(({ fetchedKeys }) => fetchedKeys.removeUnused(beforeMs, 10))
    t.strictSame([await remove(farMs + 5), await remove(farMs + 6)], [0, 2])
    t.equal(await read.fetchedKeys.find(location), undefined)
  })
}
