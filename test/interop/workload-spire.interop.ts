/** JWT-SVIDs of a real server and agent; SPIRE names SPIRE's program, which spire/build builds. */
import { type Test, test } from 'tap'
import { jwtSpiffe, present } from '../support/assertions.ts'
import { type TestClock, testClock } from '../support/clock.ts'
import { documentServer } from '../support/document-server.ts'
import { claimsOf, headerOf } from '../support/serve.ts'
import { until } from '../support/status-list.ts'
import { startSpire, trustDomain } from './spire.ts'
import { differingByOne, withWorkers } from './workers.ts'

const sub = `spiffe://${trustDomain}/jobs/worker`

/** A service that trusts the domain by its bundle, and a registered workload. */
async function withSpire(t: Test, settings: Readonly<Record<string, unknown>> = {}, clock: TestClock = testClock()) {
  const spire = await startSpire(t, settings)
  await spire.register(sub)
  const bundles = await documentServer(t, async (_, response) => response.end(await spire.bundle()))
  const workers = await withWorkers(t, clock)
  await workers.signet(['issuers', 'add', 'spire', '--spiffe', trustDomain, '--bundle-uri', bundles.uri('/bundle')])
  return { ...workers, ...spire, bundles, ours: workers.service.issuer }
}

test('a JWT-SVID gets an access token, as both types of assertion', async t => {
  const { add, assertGiven, svid, ours, bundle } = await withSpire(t)
  await add('worker', 'spire', { sub })
  const token = await svid(sub, ours)
  t.strictSame(Object.keys(claimsOf(token)).sort(), ['aud', 'exp', 'iat', 'sub'], 'neither iss nor jti')
  t.strictSame(claimsOf(token).aud, [ours])
  t.match(headerOf(token), { alg: 'ES256', typ: 'JWT' })
  t.match(JSON.parse(await bundle()), { keys: [{ use: 'x509-svid' }, { use: 'jwt-svid', kid: headerOf(token).kid }] })

  await assertGiven('worker', token)
  await assertGiven('worker', token, { client_assertion_type: jwtSpiffe, client_id: 'worker' })
  await assertGiven('worker', token, { client_assertion_type: jwtSpiffe })
  t.equal(await svid(sub, ours), token, 'the agent hands out the same one again')
})

test('so it does with an issuer in it, and a key of another kind', async t => {
  const issuer = 'https://oidc.example.org'
  const { add, assertGiven, assertRefused, signet, svid, ours } = await withSpire(t, {
    jwt_issuer: issuer,
    jwt_key_type: 'rsa-2048',
  })
  await add('worker', 'spire', { sub })
  const token = await svid(sub, ours)
  t.match([headerOf(token).alg, claimsOf(token).iss], ['RS256', issuer])
  await assertGiven('worker', token)
  await signet(['issuers', 'update', 'spire', '--issuer', issuer])
  await assertGiven('worker', token)
  await signet(['issuers', 'update', 'spire', '--issuer', `${issuer}/`])
  await assertRefused('worker', token, { reason: 'unknown_issuer' })
})

test('it is refused when the condition differs by a character, and for another service', async t => {
  const { add, assertGiven, assertRefused, service, svid, ours } = await withSpire(t)
  const token = await svid(sub, ours)
  for (const [index, [claim, others]] of differingByOne({ sub }).entries()) {
    await add(`other-${index}`, 'spire', others)
    const details = { did_not_match: [{ claim, condition: others[claim], seen: sub }] }
    await assertRefused(`other-${index}`, token, { reason: 'conditions_not_met', details })
  }
  const unnamed = await present(service, token, { client_assertion_type: jwtSpiffe })
  t.match([unnamed.status, unnamed.body.error], [401, 'invalid_client'], 'it is nobody')
  await add('worker', 'spire', { sub })
  await assertGiven('worker', token, { client_assertion_type: jwtSpiffe })
  await assertRefused('worker', await svid(sub, `${ours}/`), { reason: 'wrong_audience' })
  await assertRefused('worker', await svid(sub, `${ours},another`), { reason: 'wrong_audience' })
})

test('SPIRE exchanges its keys, and its tokens go on', async t => {
  const clock = testClock()
  const { add, assertGiven, assertRefused, bundles, ours, svid, ...spire } = await withSpire(
    t,
    { default_jwt_svid_ttl: '1h' },
    clock,
  )
  /** As soon as the agent no longer hands out what the key before has signed. */
  async function signedBy(kid: string): Promise<string> {
    await until(async () => headerOf(await svid(sub, ours)).kid === kid)
    return svid(sub, ours)
  }
  await add('worker', 'spire', { sub })
  const first = await svid(sub, ours)
  await assertGiven('worker', first)

  const planned = await spire.prepareKey()
  clock.advance(10 * 60_000)
  await assertGiven('worker', first)
  t.equal(bundles.paths.length, 2, 'the bundle was looked at again')
  await spire.activateKey(planned)
  await spire.taintKey(headerOf(first).kid)
  await assertGiven('worker', await signedBy(planned))
  t.equal(bundles.paths.length, 2, 'the key was known before it signed')
  await spire.revokeKey(headerOf(first).kid)
  await assertGiven('worker', first)
  clock.advance(10 * 60_000)
  await assertRefused('worker', first, { reason: 'unknown_key' })

  const sudden = await spire.prepareKey()
  await spire.activateKey(sudden)
  await spire.taintKey(planned)
  clock.advance(10_000)
  await assertGiven('worker', await signedBy(sudden))
  t.equal(bundles.paths.length, 4, 'one that is not known is looked for')
})
