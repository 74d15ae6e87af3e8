/** What a service may say of its verifier when it is asked whether it is ready. */
import { test } from 'tap'
import { HOUR_MS, MINUTE_MS, POLL_MS, SECOND_MS, simulated } from '../support/simulated-verifier.ts'

test('health is unavailable without keys, ok with fresh ones, stale after maxStaleness, and ok again', async t => {
  const { environment, issuer, start, publishBits } = await simulated(t)
  publishBits('1', 0)
  environment.cut()
  const { verifier } = start()
  t.strictSame(verifier.health(), {
    status: 'unavailable',
    keys: { uri: undefined, ageSeconds: undefined, problem: undefined },
    aggregation: undefined,
    statusLists: [],
  })
  await environment.idle()
  t.match(verifier.health(), { status: 'unavailable', keys: { uri: undefined, ageSeconds: undefined, problem: /cut/ } })

  environment.mend()
  await environment.advance(500)
  t.strictSame(verifier.health(), {
    status: 'ok',
    keys: { uri: `${issuer.issuer}/jwks.json`, ageSeconds: 0, problem: undefined },
    aggregation: { uri: `${issuer.issuer}/status-lists`, ageSeconds: 0, problem: undefined },
    statusLists: [{ uri: issuer.listUri('1'), ageSeconds: 0, problem: undefined }],
  })

  environment.cut()
  await environment.advance(60 * SECOND_MS)
  t.match(verifier.health(), { status: 'ok', keys: { ageSeconds: 60, problem: /cut/ } })
  await environment.advance(1)
  t.match(verifier.health(), { status: 'stale', keys: { ageSeconds: 60.001 } }, 'to the millisecond, as strict does')
  await environment.advance(HOUR_MS)
  t.match(verifier.health(), { status: 'stale', keys: { ageSeconds: 3660.001 } })

  environment.mend()
  await environment.advance(POLL_MS)
  t.match(verifier.health(), { status: 'ok', keys: { problem: undefined } })
})

test('one document that cannot be had is enough to be stale, and says which', async t => {
  for (const broken of ['/jwks.json', '/status-lists', '/status-lists/1']) {
    const { environment, issuer, start, publishBits } = await simulated(t)
    publishBits('1', 0)
    const { verifier } = start()
    await environment.idle()
    issuer.publish(broken, { status: 500, body: '' })
    await environment.advance(2 * MINUTE_MS)
    const { status, keys, aggregation, statusLists } = verifier.health()
    t.equal(status, 'stale')
    t.strictSame(
      [keys, aggregation, ...statusLists].filter(document => document?.problem !== undefined),
      [{ uri: `${issuer.issuer}${broken}`, ageSeconds: 120, problem: 'It answers 500.' }],
    )
  }
})

test('a list that was never loaded is stale at once', async t => {
  const { environment, issuer, start } = await simulated(t)
  issuer.publish(issuer.listsPath, { status_lists: [issuer.listUri('1')] })
  const { verifier } = start()
  await environment.idle()
  t.match(verifier.health(), { status: 'stale', keys: { ageSeconds: 0 } })
  t.match(verifier.health().statusLists[0], { uri: issuer.listUri('1'), ageSeconds: undefined, problem: /404/ })
})
