/** The token service is down, or says nothing that can be used: verification goes on with what is known. */
import { test } from 'tap'
import { createSigningKey } from '../support/issuer.ts'
import { HOUR_MS, MINUTE_MS, POLL_MS, SECOND_MS, simulated } from '../support/simulated-verifier.ts'

test('the token service is stopped for an hour: valid tokens pass, revoked ones do not', async t => {
  const { environment, issuer, start, tokenOf, publishBits } = await simulated(t)
  publishBits('1', 0b10)
  const { outcome, verifier, events } = start()
  await environment.idle()
  const [good, revoked, shortLived] = [tokenOf('1', 0), tokenOf('1', 1), issuer.token()]
  t.equal(await outcome(shortLived), 'accepted')
  await issuer.stop()
  for (let minute = 0; minute < 60; minute += 1) {
    await environment.advance(MINUTE_MS)
    const seen = [await outcome(good), await outcome(tokenOf('1', 0, { jti: `${minute}` })), await outcome(revoked)]
    if (seen.join() !== 'accepted,accepted,revoked') t.fail(`minute ${minute}: ${seen}`)
  }
  t.equal(await outcome(good), 'accepted')
  t.equal(await outcome(revoked), 'revoked')
  t.equal(await outcome(shortLived), 'expired', 'an outage makes no token live longer')
  t.equal(await outcome(tokenOf('2')), 'accepted', 'a list that was never loaded counts as no revocation')
  t.match(verifier.health(), { status: 'stale', keys: { ageSeconds: HOUR_MS / SECOND_MS, problem: /ECONNREFUSED/ } })
  // The first try may find a connection that breaks, and the second nobody who listens.
  const said = new Set(
    events.map(event => `${event.type} ${'uri' in event ? event.uri?.replace(issuer.issuer, '') : ''}`),
  )
  t.strictSame([...said].sort(), [
    'outage /.well-known/oauth-authorization-server',
    'outage /jwks.json',
    'outage /status-lists',
    'outage /status-lists/1',
    'outage /status-lists/2',
    'status_unchecked /status-lists/2',
  ])
})

test('what happened in an outage is known one poll after it', async t => {
  const { environment, issuer, start, tokenOf, publishBits } = await simulated(t)
  publishBits('1', 0b10)
  const { outcome, verifier } = start()
  await environment.idle()
  environment.cut()
  await environment.advance(HOUR_MS)
  const next = await createSigningKey()
  const signedByNext = issuer.token({}, {}, next)
  issuer.publishKeys([issuer.key.jwk, next.jwk])
  publishBits('1', 0b01)
  environment.mend()
  await environment.advance(POLL_MS)
  t.equal(await outcome(tokenOf('1', 0)), 'revoked')
  t.equal(await outcome(tokenOf('1', 1)), 'accepted')
  t.equal(await outcome(signedByNext), 'accepted')
  t.equal(verifier.health().status, 'ok')
})

test('a JWK Set that is broken or has no usable key is an outage: the keys at hand go on', async t => {
  const weak = await createSigningKey('RS256', { use: 'enc' })
  const bodies = {
    'no JSON': '<html>',
    'an empty body': '',
    'no object': '[]',
    'no keys': '{}',
    'keys that are no array': '{"keys":{}}',
    'an empty set': '{"keys":[]}',
    'no usable key': JSON.stringify({ keys: [weak.jwk] }),
    'keys that are there twice': `{"keys":[],"keys":${JSON.stringify([weak.jwk])}}`,
  }
  for (const [title, body] of Object.entries(bodies)) {
    const { environment, issuer, start } = await simulated(t)
    const { outcome, events, verifier } = start()
    await environment.idle()
    issuer.publish(issuer.jwksPath, { body })
    await environment.advance(2 * MINUTE_MS)
    t.equal(await outcome(issuer.token()), 'accepted', title)
    t.equal(await outcome(issuer.token(), { mode: 'strict' }), 'unavailable', `${title}: it is no news`)
    t.equal(verifier.health().status, 'stale')
    t.match(
      events.filter(({ type }) => type === 'outage'),
      [{ document: 'keys' }],
    )
  }
})

test('a bad key is left out, and the good ones beside it go on', async t => {
  const { environment, issuer, start } = await simulated(t)
  const weak = await createSigningKey('RS256', { use: 'enc' })
  issuer.publishKeys([weak.jwk, issuer.key.jwk])
  const { outcome, events, verifier } = start()
  await environment.idle()
  t.equal(await outcome(issuer.token()), 'accepted')
  t.equal(await outcome(issuer.token({}, {}, weak)), 'unknown_key')
  t.equal(verifier.health().status, 'ok')
  t.ok(events.length > 0 && events.every(event => event.type === 'key_left_out' && event.kid === weak.kid))
})

test('without any key so far nothing can be verified, in either mode, and who waits shares one fetch', async t => {
  const { environment, issuer, start } = await simulated(t)
  issuer.publish(issuer.jwksPath, { status: 503, body: '' })
  const hold = issuer.holdAt(issuer.jwksPath)
  hold.close()
  const { outcome, verifier } = start()
  const outcomes = Array.from({ length: 100 }, (_, at) =>
    outcome(issuer.token({ jti: `${at}` }), { mode: at % 2 ? 'strict' : 'lenient' }),
  )
  await hold.waiting(1)
  hold.open()
  t.strictSame(await Promise.all(outcomes), Array(100).fill('unavailable'))
  t.equal(issuer.countOf(issuer.jwksPath), 1)
  t.equal(verifier.health().status, 'unavailable')

  const held = issuer.holdAt(issuer.jwksPath)
  held.close()
  const again = Array.from({ length: 100 }, (_, at) => outcome(issuer.token({ jti: `${at}` })))
  await held.waiting(1)
  held.open()
  t.strictSame(await Promise.all(again), Array(100).fill('unavailable'))
  t.equal(issuer.countOf(issuer.jwksPath), 2)

  issuer.publishKeys([issuer.key.jwk])
  await environment.advance(500)
  t.equal(await outcome(issuer.token()), 'accepted')
})

test('the first tokens wait for the first keys', async t => {
  const { issuer, start } = await simulated(t)
  const { outcome } = start()
  const outcomes = Array.from({ length: 100 }, (_, at) => outcome(issuer.token({ jti: `${at}` })))
  t.strictSame(await Promise.all(outcomes), Array(100).fill('accepted'))
  t.equal(issuer.countOf(issuer.jwksPath), 1)
})
