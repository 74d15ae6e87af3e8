/** When a verifier asks, and how. */
import { test } from 'tap'
import { createSigningKey } from '../support/issuer.ts'
import { api } from '../support/serve.ts'
import { HOUR_MS, MINUTE_MS, POLL_MS, SECOND_MS, simulated } from '../support/simulated-verifier.ts'
import { until } from '../support/status-list.ts'
import { startTogether } from '../support/together.ts'

test('keys and status lists are polled every 5 s, by the ETag at hand and past every cache; a 304 keeps what is known', async t => {
  const { environment, issuer, start, tokenOf, publishBits } = await simulated(t)
  publishBits('1', 0b10, { etag: '"list"' })
  const lists = JSON.stringify({ status_lists: [issuer.listUri('1')] })
  issuer.publish(issuer.listsPath, { body: lists, headers: { etag: '"lists"' } })
  issuer.publish(issuer.jwksPath, { body: JSON.stringify({ keys: [issuer.key.jwk] }), headers: { etag: '"keys"' } })
  const { outcome, verifier, events } = start()
  await environment.idle()
  const seen = () =>
    issuer.requests
      .splice(0)
      .map(({ path, headers }) => [path, headers['if-none-match'], headers['cache-control']])
      .sort()
  const [metadata, keys] = ['/.well-known/oauth-authorization-server', issuer.jwksPath]
  const documents = [keys, issuer.listsPath, `${issuer.listsPath}/1`]
  t.strictSame(
    seen(),
    [metadata, ...documents].map(path => [path, undefined, 'no-cache']),
  )

  for (let poll = 0; poll < 3; poll += 1) {
    await environment.advance(POLL_MS - 1)
    t.strictSame(seen(), [])
    await environment.advance(1)
    const etags = ['"keys"', '"lists"', '"list"']
    t.strictSame(
      seen(),
      documents.map((path, at) => [path, etags[at], 'no-cache']),
      'the metadata is not asked for again',
    )
    t.equal(await outcome(tokenOf('1', 0)), 'accepted')
    t.equal(await outcome(tokenOf('1', 1)), 'revoked')
    t.same([verifier.health().keys.ageSeconds, verifier.health().status], [0, 'ok'], 'a 304 is as good as a document')
  }
  t.strictSame(events, [])
})

test('a document that has no ETag is fetched again as it is', async t => {
  const { environment, issuer, start, publishBits, tokenOf } = await simulated(t)
  publishBits('1', 0)
  const { outcome } = start()
  await environment.idle()
  const token = tokenOf('1')
  t.equal(await outcome(token), 'accepted')
  publishBits('1', 1)
  await environment.advance(POLL_MS)
  t.equal(await outcome(token), 'revoked')
  t.notOk(issuer.requests.some(({ headers }) => 'if-none-match' in headers))
})

test('jitter only shortens the interval, by a tenth at most', async t => {
  const most = 1 - Number.EPSILON / 2
  for (const [random, notYetMs, byMs] of [
    [0, 4_999, 5_000],
    [0.5, 4_749, 4_750],
    [most, 4_499, 4_501],
  ] as const) {
    const { environment, issuer, start } = await simulated(t, { random: () => random })
    start()
    await environment.advance(notYetMs)
    t.equal(issuer.countOf(issuer.jwksPath), 1, `${random}: not yet after ${notYetMs} ms`)
    await environment.advance(byMs - notYetMs)
    t.equal(issuer.countOf(issuer.jwksPath), 2, `${random}: after ${byMs} ms`)
  }
})

test('the interval is an option', async t => {
  const { environment, issuer, start } = await simulated(t)
  start({ pollInterval: 2.5 })
  await environment.advance(2_499)
  t.equal(issuer.countOf(issuer.jwksPath), 1)
  await environment.advance(1)
  t.equal(issuer.countOf(issuer.jwksPath), 2)
})

test('no round begins before the one before is over', async t => {
  const { environment, issuer, start, publishBits } = await simulated(t)
  publishBits('1', 0)
  start()
  await environment.idle()
  const sent = environment.sent()
  const hold = issuer.holdAt(`${issuer.listsPath}/1`)
  hold.close()
  const minute = environment.advance(MINUTE_MS)
  await hold.waiting(1)
  t.equal(environment.sent(), sent + 3, 'the keys, the lists and the one list')
  hold.open()
  await minute
  t.equal(issuer.countOf(issuer.jwksPath), 13, 'then they go on')
  t.equal(issuer.countOf(`${issuer.listsPath}/1`), 13)
})

test('the interval and the age of what was fetched count from the beginning of a round, however long it takes', async t => {
  const { environment, issuer, start } = await simulated(t)
  const keys = JSON.stringify({ keys: [issuer.key.jwk] })
  issuer.publish(issuer.jwksPath, (_request, response) => {
    environment.pass(SECOND_MS)
    response.end(keys)
  })
  const { verifier } = start()
  for (let poll = 1; poll <= 3; poll += 1) {
    await environment.idle()
    t.equal(verifier.health().keys.ageSeconds, 1)
    t.equal(issuer.countOf(issuer.jwksPath), poll)
    await environment.advance(POLL_MS - SECOND_MS - 1)
    t.equal(issuer.countOf(issuer.jwksPath), poll)
    await environment.advance(1)
  }
})

test('who needs the keys while they are being fetched waits for that fetch', async t => {
  const { environment, issuer, start } = await simulated(t)
  const { outcome } = start()
  await environment.idle()
  const next = await createSigningKey()
  issuer.publishKeys([issuer.key.jwk, next.jwk])
  const hold = issuer.holdAt(issuer.jwksPath)
  hold.close()
  const poll = environment.advance(POLL_MS)
  await hold.waiting(1)
  const outcomes = Array.from({ length: 20 }, (_, jti) => outcome(issuer.token({ jti: `${jti}` }, {}, next)))
  t.equal(await outcome(issuer.token()), 'accepted', 'and a token of a known key does not wait')
  hold.open()
  await poll
  t.strictSame(await Promise.all(outcomes), Array(20).fill('accepted'))
  t.equal(issuer.countOf(issuer.jwksPath), 2)
})

test('until all is loaded a round follows after 0.5 s, 1 s, 2 s and so on, but never later than the interval', async t => {
  const { environment, start } = await simulated(t)
  environment.cut()
  start()
  const rounds: number[] = []
  for (let ms = 0, sent = 0; ms <= 20 * SECOND_MS; ms += 500) {
    await environment.advance(ms === 0 ? 0 : 500)
    if (environment.sent() > sent) rounds.push(ms)
    sent = environment.sent()
  }
  t.strictSame(rounds, [0, 500, 1_500, 3_500, 7_500, 12_500, 17_500])
  environment.mend()
  await environment.advance(2_500)
  const sent = environment.sent()
  await environment.advance(POLL_MS - 1)
  t.equal(environment.sent(), sent, 'and when all is loaded, the interval is kept')
})

test('after one round that failed the next follows in half a second, so that news is not a whole interval late', async t => {
  const { environment, start } = await simulated(t)
  start()
  await environment.advance(POLL_MS - 1)
  environment.cut()
  await environment.advance(1)
  environment.mend()
  const sent = environment.sent()
  await environment.advance(499)
  t.equal(environment.sent(), sent)
  await environment.advance(1)
  const mended = environment.sent()
  t.ok(mended > sent)
  await environment.advance(POLL_MS - 1)
  t.equal(environment.sent(), mended, 'and then the interval is kept')
})

test('close stops the polling', async t => {
  const { environment, issuer, start } = await simulated(t)
  const { verifier, outcome } = start()
  await environment.advance(POLL_MS)
  const sent = environment.sent()
  verifier.close()
  await environment.advance(HOUR_MS)
  t.equal(environment.sent(), sent)
  t.equal(await outcome(issuer.token({ exp: 9_999_999_999 })), 'accepted', 'with what is known')
})

test('a round that is under way when the verifier is closed is the last one', async t => {
  const { environment, issuer, start } = await simulated(t)
  const { verifier } = start()
  await environment.idle()
  const hold = issuer.holdAt(issuer.jwksPath)
  hold.close()
  const poll = environment.advance(POLL_MS)
  await hold.waiting(1)
  verifier.close()
  hold.open()
  await poll
  await until(async () => verifier.health().keys.ageSeconds === 0)
  const sent = environment.sent()
  await environment.advance(HOUR_MS)
  t.equal(environment.sent(), sent)
})

test('a verifier that polls keeps no process alive', async t => {
  const { issuer } = await simulated(t)
  const [part] = await startTogether(t, 'lone-verifier.ts', [{ words: [issuer.issuer, api] }])
  const said = new Promise<string>(resolve => part?.onNextLine(resolve))
  t.equal(await said, 'ok')
  t.same(await part?.ended, { code: 0, signal: null, stderr: '' })
})
