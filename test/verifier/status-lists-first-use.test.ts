/** Status lists that a verifier hears of from a token. */
import { test } from 'tap'
import { HOUR_MS, POLL_MS, SECOND_MS, simulated } from '../support/simulated-verifier.ts'

test('tokens that name a list not seen before wait for one fetch of it, and are refused when it says so', async t => {
  const { environment, issuer, start, tokenOf, publishBits } = await simulated(t)
  const { outcome } = start()
  await environment.idle()
  publishBits('1', 0b10)
  const path = `${issuer.listsPath}/1`
  const hold = issuer.holdAt(path)
  hold.close()
  const outcomes = Array.from({ length: 20 }, (_, idx) => outcome(tokenOf('1', idx % 2)))
  await hold.waiting(1)
  hold.open()
  t.strictSame(await Promise.all(outcomes), Array(10).fill(['accepted', 'revoked']).flat())
  t.equal(issuer.countOf(path), 1)
  t.equal(await outcome(tokenOf('1', 1)), 'revoked')
  t.equal(issuer.countOf(path), 1, 'and it is at hand for the next')
  publishBits('1', 0b01)
  await environment.advance(POLL_MS)
  t.equal(issuer.countOf(path), 2, 'it is polled with the others')
  t.equal(await outcome(tokenOf('1', 0)), 'revoked')
})

test('a list that cannot be had at first: lenient passes and says so once, strict refuses, and the next poll decides', async t => {
  const { environment, issuer, start, tokenOf, publishBits } = await simulated(t)
  issuer.publishMetadata({ status_list_aggregation_endpoint: undefined })
  const { outcome, events } = start()
  await environment.idle()
  const uri = issuer.listUri('1')
  for (let time = 0; time < 3; time += 1) {
    t.equal(await outcome(tokenOf('1'), { mode: 'strict' }), 'unavailable')
    t.equal(await outcome(tokenOf('1')), 'accepted')
    await environment.advance(POLL_MS)
  }
  t.match(events, [
    { type: 'outage', document: 'status_list', uri, problem: 'It answers 404.' },
    { type: 'status_unchecked', uri },
  ])
  t.equal(
    issuer.countOf(`${issuer.listsPath}/1`),
    6,
    'it is asked for at the first use and at the polls after 5, 5.5, 6.5, 8.5 and 12.5 s, not for each token',
  )
  publishBits('1', 1)
  await environment.advance(POLL_MS)
  for (const mode of ['strict', 'lenient'] as const) t.equal(await outcome(tokenOf('1'), { mode }), 'revoked')
  t.match(events.slice(2), [{ type: 'recovery', document: 'status_list', uri }])
})

test('a token whose list does not lie under the issuer is refused without a call', async t => {
  const { environment, issuer, start } = await simulated(t, { path: '/login' })
  const { outcome } = start()
  await environment.idle()
  const sent = environment.sent()
  const origin = new URL(issuer.issuer).origin
  for (const uri of [
    'https://example.com/status-lists/1',
    `${origin}/status-lists/1`,
    `${issuer.issuer}.example.com/1`,
    `${issuer.issuer}-other/1`,
    `${issuer.issuer}/../status-lists/1`,
    `${issuer.issuer}/%2e%2e/status-lists/1`,
    `${issuer.issuer}/status-lists/1#part`,
    issuer.issuer,
  ])
    t.equal(await outcome(issuer.token({ status: { status_list: { idx: 0, uri } } })), 'invalid_claim', uri)
  t.equal(environment.sent(), sent)
})

test('the lists that the issuer says it has are fetched before a token names them, but none that is not its own', async t => {
  const { environment, issuer, start, tokenOf, publishBits } = await simulated(t)
  publishBits('1', 1)
  publishBits('2', 1)
  const foreign = 'http://127.0.0.2:9/status-lists/1'
  issuer.publish(issuer.listsPath, { status_lists: [issuer.listUri('1'), foreign, issuer.listUri('2')] })
  const { outcome, verifier } = start()
  await verifier.ready()
  const sent = environment.sent()
  t.equal(await outcome(tokenOf('1')), 'revoked')
  t.equal(await outcome(tokenOf('2')), 'revoked')
  t.equal(environment.sent(), sent)
  t.equal(sent, 5, 'metadata, keys, lists and two lists')

  publishBits('3', 1)
  await environment.advance(POLL_MS)
  t.equal(issuer.countOf(`${issuer.listsPath}/3`), 1, 'a new one is fetched in the round that finds it')
})

test('a list that the issuer no longer names is asked for as long as a token that names it may be alive, and no longer', async t => {
  const { environment, issuer, start, tokenOf, publishBits } = await simulated(t)
  publishBits('1', 0b10)
  const { outcome, verifier, events } = start({ mode: 'strict' })
  await environment.idle()
  const exp = environment.now() / SECOND_MS + 300
  const token = tokenOf('1', 0, { exp })
  t.equal(await outcome(token), 'accepted')
  t.equal(await outcome(tokenOf('1', 1, { exp: exp - 60 })), 'revoked')
  const countOf = (list: string) => issuer.countOf(`${issuer.listsPath}/${list}`)
  publishBits('2', 0)
  await environment.advance(330 * SECOND_MS - 1)
  t.equal(await outcome(token), 'accepted', 'within the tolerance for clocks')
  t.strictSame([countOf('1'), countOf('2')], [66, 65])

  issuer.publish(`${issuer.listsPath}/1`, { status: 404, body: '' })
  await environment.advance(1)
  t.equal(await outcome(token), 'expired')
  t.strictSame([countOf('1'), countOf('2')], [66, 66])
  t.strictSame(
    verifier.health().statusLists.map(({ uri }) => uri),
    [issuer.listUri('2')],
  )
  await environment.advance(HOUR_MS)
  t.strictSame([verifier.health().status, events], ['ok', []], 'that is no outage')
})
