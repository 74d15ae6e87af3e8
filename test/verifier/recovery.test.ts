/** What was wrong mends itself, without a restart of the service. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test } from 'tap'
import { testClock } from '../support/clock.ts'
import { createSigningKey } from '../support/issuer.ts'
import { verifierFor } from '../support/resource-callers.ts'
import { api } from '../support/serve.ts'
import { HOUR_MS, MINUTE_MS, POLL_MS, SECOND_MS, simulated } from '../support/simulated-verifier.ts'
import { device, revoke, withAlice } from '../support/status-list.ts'
import { outcomeOf, testEnvironment } from '../support/verifier-environment.ts'

test('a proxy that begins to refuse conditional requests does not hold the old keys fast', async t => {
  const { environment, issuer, start } = await simulated(t)
  const { outcome, verifier } = start()
  issuer.publish(issuer.jwksPath, { headers: { etag: '"1"' }, body: JSON.stringify({ keys: [issuer.key.jwk] }) })
  await environment.idle()
  const next = await createSigningKey()
  issuer.publish(issuer.jwksPath, (request: IncomingMessage, response: ServerResponse) => {
    if (request.headers['if-none-match'] !== undefined) return response.writeHead(403).end()
    return response.end(JSON.stringify({ keys: [next.jwk] }))
  })
  await environment.advance(20 * SECOND_MS)
  t.equal(await outcome(issuer.token()), 'unknown_key')
  t.equal(await outcome(issuer.token({}, {}, next)), 'accepted')
  t.equal(verifier.health().status, 'ok')
})

test('a list that expired behind a cache which answers 304 is fetched whole', async t => {
  const { environment, issuer, start, tokenOf } = await simulated(t)
  const list = (bits: number) =>
    issuer.statusList('1', Buffer.from([bits]), {
      exp: Math.floor(environment.now() / SECOND_MS) + 60,
    })
  issuer.publishList('1', list(0), { etag: '"1"' })
  const { outcome, verifier } = start()
  await environment.advance(30 * SECOND_MS)
  issuer.publishList('1', list(1), { etag: '"1"' })
  await environment.advance(50 * SECOND_MS)
  t.equal(await outcome(tokenOf('1', 0)), 'accepted', 'the cache says that nothing has changed')
  await environment.advance(20 * SECOND_MS)
  t.equal(await outcome(tokenOf('1', 0)), 'revoked')
  t.equal(verifier.health().statusLists[0]?.problem, undefined)
})

test('keys that have moved are found by the metadata', async t => {
  const { environment, issuer, start } = await simulated(t)
  const { outcome, verifier } = start()
  await environment.idle()
  const metadata = '/.well-known/oauth-authorization-server'
  t.equal(issuer.countOf(metadata), 1)
  const next = await createSigningKey()
  issuer.publish(issuer.jwksPath, { status: 404, body: '' })
  issuer.publish('/moved.json', { keys: [next.jwk] })
  issuer.publishMetadata({ jwks_uri: `${issuer.issuer}/moved.json` })
  await environment.advance(30 * SECOND_MS)
  t.equal(await outcome(issuer.token({}, {}, next)), 'accepted')
  t.equal(verifier.health().keys.uri, `${issuer.issuer}/moved.json`)
  t.equal(issuer.countOf(metadata), 2, 'and it is read again only when they cannot be had')
})

test('after the clock of the token service was set back, a revocation is seen at the next poll', async t => {
  const clock = testClock()
  const service = await withAlice(t, { clock })
  const environment = testEnvironment({ startMs: clock.now() })
  const verifier = verifierFor(t, { issuer: service.issuer, audience: api }, environment)
  const [before, after] = [await device(service), await device(service)]
  const advance = async (ms: number) => {
    clock.advance(ms)
    await environment.advance(ms)
  }
  await revoke(service, before.refreshToken)
  await advance(POLL_MS)
  t.equal(await outcomeOf(verifier, before.access), 'revoked')
  clock.advance(-30 * SECOND_MS)
  await revoke(service, after.refreshToken)
  await advance(POLL_MS)
  t.equal(await outcomeOf(verifier, before.access), 'revoked')
  t.equal(await outcomeOf(verifier, after.access), 'revoked')
  t.equal(verifier.health().status, 'ok')
})

test('two instances that made the same list at different times are no outage, in whatever turn they answer', async t => {
  const { environment, issuer, start, tokenOf } = await simulated(t)
  const now = Math.floor(environment.now() / SECOND_MS)
  const list = (iat: number) => issuer.statusList('1', Buffer.from([1]), { iat })
  issuer.publishList('1', list(now))
  const { outcome, verifier, events } = start({ mode: 'strict', maxStaleness: 10 })
  await environment.idle()
  issuer.publishList('1', list(now - 5))
  await environment.advance(MINUTE_MS)
  t.equal(await outcome(tokenOf('1', 0)), 'revoked')
  t.equal(await outcome(tokenOf('1', 1)), 'accepted')
  t.match(verifier.health(), { status: 'ok', statusLists: [{ ageSeconds: 0 }] })
  t.strictSame(events, [])
})

test('what the issuer says without an Age is taken, whatever its clock was when it was issued', async t => {
  const { environment, issuer, start, tokenOf } = await simulated(t)
  const now = Math.floor(environment.now() / SECOND_MS)
  const { outcome, events } = start()
  const steps = [
    [0b001, now],
    [0b011, now + 3600],
    [0b111, now - 3600],
  ] as const
  for (const [at, [bits, iat]] of steps.entries()) {
    issuer.publishList('1', issuer.statusList('1', Buffer.from([bits]), { iat }))
    await environment.advance(POLL_MS)
    t.equal(await outcome(tokenOf('1', at)), 'revoked')
  }
  t.strictSame(events, [])
})

test('a machine that slept, and its clock of what has elapsed with it, does not take old news for new', async t => {
  const { environment, start, tokenOf, publishBits } = await simulated(t)
  publishBits('1', 0)
  const { outcome, verifier } = start({ mode: 'strict' })
  await environment.idle()
  const token = tokenOf('1')
  environment.setClock(HOUR_MS)
  t.equal(await outcome(token), 'unavailable')
  t.equal(verifier.health().status, 'stale')
  await environment.advance(POLL_MS)
  t.equal(await outcome(token), 'accepted')
})

test('a token whose key goes while it waits for its list is refused', async t => {
  const { environment, issuer, start, tokenOf } = await simulated(t)
  issuer.publishMetadata({ status_list_aggregation_endpoint: undefined })
  const { outcome } = start()
  await environment.idle()
  issuer.publish(`${issuer.listsPath}/1`, { body: issuer.statusList('1', Buffer.from([0])) })
  const hold = issuer.holdAt(`${issuer.listsPath}/1`)
  hold.close()
  const waiting = outcome(tokenOf('1'))
  await hold.waiting(1)
  issuer.publishKeys([(await createSigningKey()).jwk])
  // Which fetches the keys anew.
  t.equal(await outcome(issuer.token({}, { kid: 'another' })), 'unknown_key')
  hold.open()
  t.equal(await waiting, 'unknown_key')
})

test('a list that comes back with the clock is fetched before a token that names it is judged', async t => {
  const { environment, issuer, start, tokenOf, publishBits } = await simulated(t)
  issuer.publishMetadata({ status_list_aggregation_endpoint: undefined })
  issuer.publish(`${issuer.listsPath}/1`, { body: issuer.statusList('1', Buffer.from([0])) })
  const { outcome } = start()
  await environment.idle()
  const token = tokenOf('1', 0)
  t.equal(await outcome(token), 'accepted')
  environment.setClock(48 * HOUR_MS)
  await environment.advance(POLL_MS)
  environment.setClock(-48 * HOUR_MS)
  publishBits('1', 1)
  const hold = issuer.holdAt(`${issuer.listsPath}/1`)
  hold.close()
  const round = environment.advance(POLL_MS)
  const waiting = outcome(token)
  await hold.waiting(1)
  hold.open()
  t.equal(await waiting, 'revoked')
  await round
})

test('lists of an aggregation that the metadata names no more are not polled for ever', async t => {
  const { environment, issuer, start, publishBits } = await simulated(t)
  publishBits('1', 0)
  const { verifier } = start()
  await environment.idle()
  issuer.publishMetadata({ status_list_aggregation_endpoint: undefined })
  // The metadata is read again when the keys can't be had.
  issuer.publish(issuer.jwksPath, { status: 503, body: '' })
  await environment.advance(11 * SECOND_MS)
  issuer.publishKeys([issuer.key.jwk])
  issuer.publish(`${issuer.listsPath}/1`, { status: 404, body: '' })
  await environment.advance(MINUTE_MS)
  t.match(verifier.health(), { status: 'ok', aggregation: undefined, statusLists: { length: 0 } })
})

test('a closed verifier fetches nothing, and goes on with what it knows', async t => {
  const { environment, issuer, start, tokenOf, publishBits } = await simulated(t)
  publishBits('1', 0b10)
  const { outcome, verifier, events } = start()
  await environment.idle()
  verifier.close()
  const sent = environment.sent()
  t.equal(await outcome(tokenOf('1', 0)), 'accepted')
  t.equal(await outcome(tokenOf('1', 1)), 'revoked')
  t.equal(await outcome(issuer.token({}, { kid: 'another' })), 'unknown_key')
  t.equal(await outcome(tokenOf('2')), 'accepted')
  t.equal(await outcome(tokenOf('2'), { mode: 'strict' }), 'unavailable')
  environment.pass(MINUTE_MS)
  t.equal(environment.sent(), sent)
  t.strictSame(events, [], 'and what it does not fetch is no outage')
})

test('a JWK Set with a hundred keys is taken, and one without end is an outage', async t => {
  const { environment, issuer, start } = await simulated(t)
  const { outcome, verifier } = start()
  await environment.idle()
  const many = (count: number) => Array.from({ length: count }, (_, at) => ({ kty: 'oct', kid: `${at}` }))
  issuer.publishKeys([issuer.key.jwk, ...many(99)])
  await environment.advance(POLL_MS)
  t.equal(verifier.health().status, 'ok')
  issuer.publishKeys([issuer.key.jwk, ...many(100)])
  await environment.advance(POLL_MS)
  t.match(verifier.health().keys.problem, /no JWK Set/)
  t.equal(await outcome(issuer.token()), 'accepted')
})
