import t from 'tap'
import { addIssuer, addTrust, addWorker, newKey, present, signed, workloadClaims } from '../../support/assertions.ts'
import { testClock } from '../../support/clock.ts'
import { serve } from '../../support/serve.ts'
import { change, select } from '../../support/sqlite.ts'

const keySource = { kind: 'jwks_uri', uri: 'https://issuer.example.com/keys' } as const

/** A service with a worker whose issuer publishes what `published` answers. */
async function withPublished(t: Parameters<typeof serve>[0], published: () => unknown) {
  const clock = testClock()
  const fetch = () => async () => {
    const set = published()
    if (set === undefined) throw new Error('it is away')
    return new TextEncoder().encode(JSON.stringify(set))
  }
  const service = await serve(t, { clock, faults: { fetch } })
  const key = newKey()
  await addIssuer(service, key, { keySource })
  await addWorker(service)
  await addTrust(service)
  const ask = async (signer = key) =>
    (await present(service, await signed(signer, workloadClaims(service, clock.now())))).status
  return { clock, service, key, ask }
}

t.test('an issuer that publishes no key any more has withdrawn those that it had', async t => {
  let set: unknown
  const { clock, key, ask } = await withPublished(t, () => set)
  set = { keys: [key.jwk] }
  t.equal(await ask(), 200)
  set = { keys: [] }
  clock.advance(10 * 60_000)
  t.equal(await ask(), 401)
})

t.test('what could not be fetched takes nothing away that another process has fetched meanwhile', async t => {
  let set: unknown
  const { clock, service, key, ask } = await withPublished(t, () => set)
  set = { keys: [key.jwk] }
  t.equal(await ask(), 200)
  const young = newKey()
  clock.advance(10 * 60_000)
  const keys = JSON.stringify([{ ...young.jwk, alg: 'ES256' }])
  change(service.databaseFile, 'update fetched_keys set keys = ?, fetched_at_ms = ?', keys, clock.now())
  set = undefined
  t.equal(await ask(young), 200, 'by the keys of the other one')
  clock.advance(10 * 60_000)
  t.equal(await ask(young), 200, 'they serve through an outage')
  const [row] = select(service.databaseFile, 'select keys, failure from fetched_keys')
  t.strictSame(row, { keys, failure: 'it is away' })
})

t.test('a time with a fraction is stored as a whole number of milliseconds', async t => {
  const { clock, service, key } = await withPublished(t, () => ({ keys: [] }))
  await addIssuer(service, key, {}, 'file')
  await addTrust(service, 'worker', [{ name: 'sub', value: 'someone' }], 'file')
  const exp = clock.now() / 1000 + 60.123456
  const claims = workloadClaims(service, clock.now(), { sub: 'someone', exp })
  t.equal((await present(service, await signed(key, claims))).status, 200)
  const [row] = select(service.databaseFile, 'select until_ms from used_assertions')
  t.ok(Number.isInteger(row?.['until_ms']))
})
