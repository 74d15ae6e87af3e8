/** Fails closed: what is older than `maxStaleness` is no answer to whether a token was revoked. */
import { test } from 'tap'
import { HOUR_MS, MINUTE_MS, POLL_MS, simulated } from '../support/simulated-verifier.ts'

test('strict refuses once what is known is older than maxStaleness, and not before', async t => {
  for (const [maxStaleness, staleMs] of [
    [undefined, MINUTE_MS],
    [300, 5 * MINUTE_MS],
  ] as const) {
    const { environment, start, tokenOf, publishBits } = await simulated(t)
    publishBits('1', 0b10)
    const { outcome } = start({ mode: 'strict', ...(maxStaleness !== undefined && { maxStaleness }) })
    await environment.idle()
    environment.cut()
    await environment.advance(staleMs)
    t.equal(await outcome(tokenOf('1', 0)), 'accepted')
    t.equal(await outcome(tokenOf('1', 1)), 'revoked')
    await environment.advance(1)
    t.equal(await outcome(tokenOf('1', 0)), 'unavailable')
    t.equal(await outcome(tokenOf('1', 0, { jti: 'another' })), 'unavailable')
    t.equal(await outcome(tokenOf('1', 1)), 'revoked', 'this is known for good')
    await environment.advance(HOUR_MS)
    t.equal(await outcome(tokenOf('1', 0)), 'unavailable')
    t.equal(await outcome(tokenOf('1', 1)), 'revoked')

    environment.mend()
    await environment.advance(POLL_MS)
    t.equal(await outcome(tokenOf('1', 0)), 'accepted')
    t.equal(await outcome(tokenOf('1', 1)), 'revoked')
  }
})

test('the mode of a call takes the place of the mode of the verifier', async t => {
  for (const mode of ['lenient', 'strict'] as const) {
    const { environment, start, tokenOf, publishBits } = await simulated(t)
    publishBits('1', 0)
    const { outcome } = start({ mode })
    await environment.idle()
    environment.cut()
    await environment.advance(2 * MINUTE_MS)
    t.equal(await outcome(tokenOf('1'), { mode: 'lenient' }), 'accepted')
    t.equal(await outcome(tokenOf('1'), { mode: 'strict' }), 'unavailable')
    const byDefault = mode === 'lenient' ? 'accepted' : 'unavailable'
    for (const options of [undefined, {}, { mode: undefined }]) t.equal(await outcome(tokenOf('1'), options), byDefault)
    const misspelt = 'Strict' as 'strict'
    t.equal(
      await outcome(tokenOf('1'), { mode: misspelt }),
      'unavailable',
      'a slip does not open what was meant to be closed',
    )
  }
})

test('strict needs fresh keys and the list that the token names, and nothing else', async t => {
  for (const [broken, ...expected] of [
    ['/jwks.json', 'unavailable', 'unavailable', 'unavailable'],
    ['/status-lists/1', 'unavailable', 'accepted', 'accepted'],
    ['/status-lists', 'accepted', 'accepted', 'accepted'],
  ] as const) {
    const { environment, issuer, start, tokenOf, publishBits } = await simulated(t)
    publishBits('1', 0)
    publishBits('2', 0)
    issuer.publish(issuer.listsPath, { status_lists: [issuer.listUri('1'), issuer.listUri('2')] })
    const { outcome } = start({ mode: 'strict' })
    await environment.idle()
    issuer.publish(broken, { status: 500, body: '' })
    await environment.advance(2 * MINUTE_MS)
    const tokens = [tokenOf('1'), tokenOf('2'), issuer.token()]
    t.strictSame(await Promise.all(tokens.map(token => outcome(token))), expected, broken)
  }
})

test('in an outage strict says expired of what has expired, and unknown_key of what was signed by nobody', async t => {
  const { environment, issuer, start } = await simulated(t)
  const { outcome } = start({ mode: 'strict' })
  await environment.idle()
  const token = issuer.token()
  environment.cut()
  await environment.advance(HOUR_MS)
  t.equal(await outcome(token), 'expired')
  t.equal(await outcome(issuer.token({}, { kid: 'nobody' })), 'unknown_key')
})
