/** What a verifier tells about the background: once when it begins, once when it is over. */
import { test } from 'tap'
import { createSigningKey } from '../support/issuer.ts'
import { HOUR_MS, MINUTE_MS, POLL_MS, simulated } from '../support/simulated-verifier.ts'

test('outage and recovery of each document are said once, at the poll that finds them', async t => {
  const { environment, issuer, start, publishBits } = await simulated(t)
  publishBits('1', 0)
  const { events } = start()
  await environment.advance(MINUTE_MS)
  t.strictSame(events, [])
  const documents = [
    { document: 'metadata', uri: `${issuer.issuer}/.well-known/oauth-authorization-server` },
    { document: 'keys', uri: `${issuer.issuer}/jwks.json` },
    { document: 'status_lists', uri: `${issuer.issuer}/status-lists` },
    { document: 'status_list', uri: issuer.listUri('1') },
  ]
  const sorted = () => [...events].sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
  for (let time = 0; time < 2; time += 1) {
    const problem = 'fetch failed: The network is cut.'
    environment.cut()
    await environment.advance(HOUR_MS)
    t.same(
      sorted(),
      documents
        .map(each => ({ type: 'outage', ...each, problem }))
        .sort((one, other) => (one.document < other.document ? -1 : 1)),
    )
    events.length = 0
    environment.mend()
    await environment.advance(MINUTE_MS)
    t.same(
      sorted(),
      documents
        .map(each => ({ type: 'recovery', ...each }))
        .sort((one, other) => (one.document < other.document ? -1 : 1)),
    )
    events.length = 0
  }
})

test('a token service that was never there is an outage of the metadata and of the keys', async t => {
  const { environment, issuer, start } = await simulated(t)
  environment.cut()
  const { events } = start()
  await environment.advance(MINUTE_MS)
  const uri = `${issuer.issuer}/.well-known/oauth-authorization-server`
  t.match(events, [
    { type: 'outage', document: 'metadata', uri, problem: /cut/ },
    { type: 'outage', document: 'keys', uri: undefined, problem: /metadata.*cut/ },
  ])
  environment.mend()
  await environment.advance(MINUTE_MS)
  t.match(events.slice(2), [
    { type: 'recovery', document: 'metadata', uri },
    { type: 'recovery', document: 'keys', uri: `${issuer.issuer}/jwks.json` },
  ])
  t.equal(events.length, 4)
})

test('a token that passes without its list is said once, until the list was loaded', async t => {
  const { environment, issuer, start, tokenOf } = await simulated(t)
  const { outcome, events } = start()
  await environment.idle()
  for (let token = 0; token < 10; token += 1) await outcome(tokenOf('1', token))
  await outcome(tokenOf('2'))
  const unchecked = events.filter(({ type }) => type === 'status_unchecked')
  t.strictSame(
    unchecked,
    ['1', '2'].map(list => ({ type: 'status_unchecked', uri: issuer.listUri(list) })),
  )
})

test('a key that is not used is said once, with the reason, and again when it comes back', async t => {
  const { environment, issuer, start } = await simulated(t)
  const weak = await createSigningKey('RS256', { use: 'enc' })
  const { events } = start()
  // Without an ETag each poll brings the set anew.
  const publish = async (...jwks: readonly unknown[]) => {
    issuer.publishKeys([...jwks, issuer.key.jwk])
    await environment.advance(MINUTE_MS)
  }
  const said = { type: 'key_left_out', kid: weak.kid, problem: 'it is not for signatures' }
  await publish(weak.jwk)
  t.strictSame(events, [said])
  await publish()
  await publish(weak.jwk)
  t.strictSame(events, [said, said])
  await publish({ ...weak.jwk, use: 'sig', alg: 'RS512' })
  t.strictSame(events.at(-1), { ...said, problem: 'its alg is not among those accepted' })
})

test('a listener whose promise is rejected does not end the process', async t => {
  const { environment, start } = await simulated(t)
  const rejections: unknown[] = []
  const note = (reason: unknown) => rejections.push(reason)
  process.on('unhandledRejection', note)
  t.teardown(() => process.off('unhandledRejection', note))
  start({ onEvent: async () => Promise.reject(new Error('of the listener')) })
  environment.cut()
  await environment.advance(MINUTE_MS)
  // Node looks for rejections that nobody handles after each turn.
  await new Promise(resolve => setImmediate(resolve))
  t.strictSame(rejections, [])
})

test('a listener that throws harms nothing', async t => {
  const { environment, issuer, start, tokenOf, publishBits } = await simulated(t)
  let heard = 0
  const onEvent = () => {
    heard += 1
    throw new Error('of the listener')
  }
  const { outcome, verifier } = start({ onEvent })
  await environment.idle()
  t.equal(await outcome(tokenOf('1')), 'accepted')
  environment.cut()
  await environment.advance(MINUTE_MS)
  t.equal(await outcome(issuer.token()), 'accepted')
  environment.mend()
  publishBits('1', 1)
  await environment.advance(POLL_MS)
  t.equal(await outcome(tokenOf('1')), 'revoked')
  t.equal(verifier.health().status, 'ok')
  // Outage of the list and a token without it; outage of metadata, keys and lists, another problem of the list; recovery of all four.
  t.equal(heard, 10)
})
