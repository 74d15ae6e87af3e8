/** Keys that are fetched: when, how often, for how long they serve, and for whom. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import {
  addIssuer,
  addTrust,
  addWorker,
  newKey,
  present,
  type TestKey,
  workloadClaims,
} from '../../support/assertions.ts'
import { testClock } from '../../support/clock.ts'
import { createHold } from '../../support/hold.ts'
import { sign } from '../../support/hostile-assertions.ts'
import { aroundReads } from '../../support/reads.ts'
import { type Service, serve } from '../../support/serve.ts'
import { auditedBy } from '../../support/sqlite.ts'

const MINUTE_MS = 60_000
const clock = testClock(Math.floor(Date.now() / 1000) * 1000)
/** What is published where, and what was asked for so far. */
const published = new Map<string, () => unknown>()
const asked: string[] = []
const answering = createHold()
const fetch = () => (uri: string) => {
  asked.push(uri)
  return answering.pass(async () => new TextEncoder().encode(JSON.stringify(published.get(uri)?.() ?? away())))
}
function away(): never {
  throw new Error('It is away.')
}
const service = await serve(t, { clock, faults: { fetch } })
let made = 0

/** An issuer that publishes these keys, and a client that trusts it. */
async function issuerWith(...first: readonly TestKey[]) {
  made += 1
  const [clientId, url] = [`client-${made}`, `https://issuer-${made}.example.com`]
  const jwksUri = `https://keys.example.com/${made}`
  const its = { keys: first as readonly TestKey[] | undefined }
  published.set(`${url}/.well-known/openid-configuration`, () => ({ issuer: url, jwks_uri: jwksUri }))
  published.set(jwksUri, () => ({ keys: its.keys?.map(({ jwk }) => jwk) ?? away() }))
  await addIssuer(service, first, { url, keySource: { kind: 'discovery' } }, clientId)
  await addWorker(service, clientId)
  await addTrust(service, clientId, undefined, clientId)
  return {
    its,
    clientId,
    url,
    fetches: () => asked.filter(uri => uri === jwksUri).length,
    ask: (key: TestKey, at: Service = service) =>
      present(at, sign(key, workloadClaims(at, clock.now(), { iss: url })), { client_id: clientId }).then(
        ({ status }) => status,
      ),
  }
}

t.test('they are fetched at the first use, and again at the first use after ten minutes', async t => {
  const [key, next] = [newKey(), newKey()]
  const { ask, fetches, its } = await issuerWith(key)
  t.equal(fetches(), 0)
  t.same([await ask(key), await ask(key)], [200, 200])
  t.equal(fetches(), 1)
  its.keys = [next]
  clock.advance(10 * MINUTE_MS - 1)
  t.same([await ask(key), fetches()], [200, 1])
  clock.advance(1)
  t.same([await ask(key), fetches()], [401, 2], 'what is published no longer is of no use')
  t.same([await ask(next), fetches()], [200, 2])
})

t.test('a key that is not known is fetched for, and by a thousand tokens once in ten seconds', async t => {
  const [key, next, unknown] = [newKey(), newKey(), newKey()]
  const { ask, clientId, fetches, its, url } = await issuerWith(key)
  t.equal(await ask(key), 200)
  clock.advance(10_000)
  its.keys = [key, next]
  t.same([await ask(next), fetches()], [200, 2], 'a rotation is followed at once')
  clock.advance(10_000)
  // Many more than there is time to send: what decides is asked itself.
  const inspection = await service.container.issuerInspection()
  const [issuer, client] = [await service.issuers.find(clientId), await service.clients.find(clientId)]
  const token = sign(unknown, workloadClaims(service, clock.now(), { iss: url }))
  for (let at = 0; at < 1000; at += 1)
    if (!('problem' in (await inspection.test(issuer, client, token)))) t.fail('it is accepted')
  t.same(new Set(await Promise.all(Array.from({ length: 20 }, () => ask(unknown)))), new Set([401]))
  t.equal(fetches(), 3)
  t.equal(await ask(key), 200)
  clock.advance(9_999)
  t.same([await ask(unknown), fetches()], [401, 3])
  clock.advance(1)
  t.same([await ask(unknown), fetches()], [401, 4])
})

t.test('whoever asks while they are fetched waits for them, if need be, and nobody else does', async t => {
  const [key, next] = [newKey(), newKey()]
  const { ask, fetches, its } = await issuerWith(key)
  t.equal(await ask(key), 200)
  clock.advance(10_000)
  its.keys = [key, next]
  answering.close()
  const waiting = [ask(next)]
  await answering.waiting(1)
  waiting.push(...Array.from({ length: 5 }, () => ask(next)))
  t.equal(await ask(key), 200)
  answering.open()
  t.same(new Set(await Promise.all(waiting)), new Set([200]))
  t.equal(fetches(), 2)
})

t.test('an issuer that takes its time holds nobody else up', async t => {
  const [key, other] = [newKey(), newKey()]
  const [slow, quick] = [await issuerWith(key), await issuerWith(other)]
  t.equal(await quick.ask(other), 200)
  answering.close()
  const waiting = slow.ask(key)
  await answering.waiting(1)
  t.equal(await quick.ask(other), 200)
  slow.its.keys = undefined
  answering.open()
  t.equal(await waiting, 401)
})

t.test('what is known serves through a day of outage, and not longer', async t => {
  const key = newKey()
  const { ask, fetches, its } = await issuerWith(key)
  t.equal(await ask(key), 200)
  its.keys = undefined
  clock.advance(24 * 60 * MINUTE_MS - 1)
  t.equal(await ask(key), 200)
  t.same([await ask(key), fetches()], [200, 2], 'it is asked for once in ten seconds')
  clock.advance(1)
  const events = await auditedBy(service, async () => t.equal(await ask(key), 401))
  t.same(events, ['client.authenticate failure keys_unavailable'])
  its.keys = [key]
  clock.advance(10_000)
  t.equal(await ask(key), 200)
})

t.test('what one instance has fetched the others use', async t => {
  const key = newKey()
  const { ask, fetches, its } = await issuerWith(key)
  const open = () => serve(t, { clock, folder: service.folder, faults: { fetch } })
  const second = await open()
  t.equal(await ask(key), 200)
  t.equal(await ask(key, second), 200)
  its.keys = undefined
  const started = await open()
  t.equal(await ask(key, started), 200, 'and one that is started in an outage')
  t.equal(fetches(), 1)
})

t.test('whoever joins one that looks into the database, and finds too little there, has them fetched', async t => {
  const [key, next] = [newKey(), newKey()]
  const { ask, fetches, its } = await issuerWith(key)
  t.equal(await ask(key), 200)
  its.keys = [key, next]
  const [reading, both] = [createHold(), Promise.withResolvers<void>()]
  let looked = 0
  const read = aroundReads(async (store, read) => {
    if (store === 'fetchedKeys') return reading.pass(read)
    const answer = await read()
    if (store === 'trustedIssuers' && ++looked === 2) both.resolve()
    return answer
  })
  const second = await serve(t, { clock, folder: service.folder, faults: { fetch, read } })
  reading.close()
  const waiting = [ask(key, second)]
  await reading.waiting(1)
  waiting.push(ask(next, second))
  await both.promise
  await nextTurn()
  reading.open()
  t.same([await Promise.all(waiting), fetches()], [[200, 200], 2])
})

t.test('of two issuers with one URL each has its own keys', async t => {
  const [one, other] = [newKey('ES256', 'same'), newKey('ES256', 'same')]
  const clusters = { url: 'https://kubernetes.default.svc.cluster.local' }
  for (const [name, key] of Object.entries({ one, other })) {
    await addIssuer(service, key, clusters, name)
    await addWorker(service, `in-${name}`)
    await addTrust(service, `in-${name}`, undefined, name)
  }
  await addWorker(service, 'in-both')
  for (const name of ['one', 'other']) await addTrust(service, 'in-both', undefined, name)
  const ask = async (key: TestKey, clientId: string) => {
    const token = sign(key, workloadClaims(service, clock.now(), { iss: clusters.url }))
    return (await present(service, token, { client_id: clientId })).status
  }
  t.same([await ask(one, 'in-one'), await ask(other, 'in-one')], [200, 401])
  t.same([await ask(one, 'in-other'), await ask(other, 'in-other')], [401, 200])
  t.same([await ask(one, 'in-both'), await ask(other, 'in-both')], [200, 200])
})

t.test('an issuer that says it is another one is not believed', async t => {
  const key = newKey()
  const { ask, url } = await issuerWith(key)
  const documentAt = `${url}/.well-known/openid-configuration`
  const jwks_uri = `https://keys.example.com/${made}`
  const wrong = [
    { issuer: `${url}/`, jwks_uri },
    { jwks_uri },
    { issuer: [url], jwks_uri },
    { issuer: url },
    [],
    null,
    'x',
  ]
  for (const document of wrong) {
    published.set(documentAt, () => document)
    t.equal(await ask(key), 401, JSON.stringify(document))
    clock.advance(10_000)
  }
  published.set(documentAt, () => ({ issuer: url, jwks_uri }))
  t.equal(await ask(key), 200)
})
