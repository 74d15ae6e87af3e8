/** What is kept of assertions and of the keys of others goes when it is of no use, and not before. */
import { test } from 'tap'
import {
  addIssuer,
  addKey,
  addTrust,
  addWorker,
  clientClaims,
  newKey,
  present,
  signed,
  workloadClaims,
} from '../support/assertions.ts'
import { testClock } from '../support/clock.ts'
import { linesSaying } from '../support/log.ts'
import { serve } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'

const DAY_MS = 86_400_000

test('an assertion is remembered for a minute longer than it is good, by the clock, and then forgotten', async t => {
  const clock = testClock()
  const service = await serve(t, { clock })
  const key = newKey()
  await addWorker(service)
  await addKey(service, key)
  const claims = clientClaims(service, clock.now())
  const lastMs = (claims.exp + 60) * 1000 - clock.now()
  t.equal((await present(service, await signed(key, claims))).status, 200)
  const sweep = async () => (await (await service.container.janitor()).sweep()).usedAssertions
  clock.advance(lastMs - 1)
  t.equal(await sweep(), 0)
  // Whoever holds it can't say it again under the same jti.
  const longer = { ...claims, iat: claims.iat + 60, exp: claims.exp + 600 }
  t.equal((await present(service, await signed(key, longer))).status, 401)
  clock.advance(1)
  t.equal(await sweep(), 1)
  t.match(linesSaying(service, 'swept'), [{ used_assertions: 1, fetched_keys: 0 }])
  t.equal(await sweep(), 0)
  t.equal((await present(service, await signed(key, longer))).status, 200)
})

test('keys that nobody has fetched for 30 days are forgotten', async t => {
  const clock = testClock()
  const key = newKey()
  const fetch = () => async () => new TextEncoder().encode(JSON.stringify({ keys: [key.jwk] }))
  const service = await serve(t, { clock, faults: { fetch } })
  await addIssuer(service, key, { keySource: { kind: 'jwks_uri', uri: 'https://keys.example.com/' } })
  await addWorker(service)
  await addTrust(service)
  const use = async () => (await present(service, await signed(key, workloadClaims(service, clock.now())))).status
  const kept = () => select(service.databaseFile, 'select uri from fetched_keys').length
  const sweep = async () => (await (await service.container.janitor()).sweep()).fetchedKeys
  t.equal(await use(), 200)
  clock.advance(29 * DAY_MS)
  t.equal(await use(), 200, 'fetched again')
  clock.advance(30 * DAY_MS)
  t.same([await sweep(), kept()], [0, 1])
  clock.advance(1)
  t.same([await sweep(), kept()], [1, 0])
  t.equal(await use(), 200, 'and again after that')
  t.equal(kept(), 1)
})
