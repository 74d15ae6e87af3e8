/** A list that is not announced for a moment, and is needed again: what it said of tokens holds. */
import { test } from 'tap'
import { HOUR_MS, MINUTE_MS, POLL_MS, simulated } from '../support/simulated-verifier.ts'

/** A verifier that holds a list with a revoked token which nobody has brought yet. */
async function setUp(t: Parameters<typeof simulated>[0]) {
  const simulation = await simulated(t)
  const { environment, issuer, start, publishBits } = simulation
  publishBits('1', 0b10)
  const before = issuer.statusList('1', Buffer.from([0]))
  const verifier = start()
  await environment.idle()
  return {
    ...simulation,
    ...verifier,
    /** What the list said a minute ago. */
    before,
    announce: (...lists: readonly unknown[]) => issuer.publish(issuer.listsPath, { status_lists: lists }),
  }
}

test('a list that is not announced for one poll has lost nothing when the network goes', async t => {
  const { environment, outcome, tokenOf, announce } = await setUp(t)
  announce()
  await environment.advance(POLL_MS)
  environment.cut()
  t.equal(await outcome(tokenOf('1', 1)), 'revoked')
  t.equal(await outcome(tokenOf('1', 0)), 'accepted')
  t.equal(await outcome(tokenOf('1', 0), { mode: 'strict' }), 'accepted', 'it was confirmed just now')
  await environment.advance(2 * MINUTE_MS)
  t.equal(await outcome(tokenOf('1', 0), { mode: 'strict' }), 'unavailable')
  t.equal(await outcome(tokenOf('1', 1)), 'revoked')
})

test('a list that was not announced for one poll takes no older document', async t => {
  const { environment, issuer, outcome, tokenOf, announce, publishBits, before } = await setUp(t)
  announce()
  await environment.advance(POLL_MS)
  issuer.publishList('1', before, { age: '60' })
  t.equal(await outcome(tokenOf('1', 1)), 'revoked')
  await environment.advance(POLL_MS)
  t.equal(await outcome(tokenOf('1', 1)), 'revoked')
  publishBits('1', 0b10)
  await environment.advance(POLL_MS)
  t.equal(await outcome(tokenOf('1', 0), { mode: 'strict' }), 'accepted')
})

test('a token that names a list which is not polled waits for one fetch of it', async t => {
  const { environment, issuer, outcome, tokenOf, announce } = await setUp(t)
  announce()
  await environment.advance(MINUTE_MS)
  const asked = issuer.countOf(`${issuer.listsPath}/1`)
  t.equal(asked, 1, 'it is not polled while nobody needs it')
  // It is still there, and says something new.
  issuer.publish(`${issuer.listsPath}/1`, { body: issuer.statusList('1', Buffer.from([0b11])) })
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcome(tokenOf('1', 0))))
  t.strictSame(outcomes, Array(20).fill('revoked'))
  t.equal(issuer.countOf(`${issuer.listsPath}/1`), asked + 1)
})

test('a clock that is wrong for one poll makes no list forget a revocation', async t => {
  const { environment, issuer, outcome, tokenOf, announce } = await setUp(t)
  announce()
  const token = tokenOf('1', 1)
  t.equal(await outcome(token), 'revoked')
  environment.setClock(48 * HOUR_MS)
  await environment.advance(POLL_MS)
  environment.setClock(-48 * HOUR_MS)
  issuer.publish(`${issuer.listsPath}/1`, { status: 404, body: '' })
  await environment.advance(POLL_MS)
  t.equal(await outcome(token), 'revoked')
})

test('a list that nobody needs for a day is forgotten', async t => {
  const { environment, issuer, outcome, tokenOf, announce } = await setUp(t)
  announce()
  // Without the polls of most of the day; those of the last hour show that a poll is no need.
  environment.pass(23 * HOUR_MS)
  await environment.advance(HOUR_MS + MINUTE_MS)
  issuer.publish(`${issuer.listsPath}/1`, { status: 404, body: '' })
  t.equal(await outcome(tokenOf('1', 1)), 'accepted')
})

test('an aggregation that is no list of uris, or has no end, is an outage: the lists go on', async t => {
  const { environment, issuer, outcome, tokenOf, announce, events, verifier } = await setUp(t)
  for (const [problem, ...lists] of [
    ['It has no status_lists.', 7],
    ['It has no status_lists.', issuer.listUri('1'), null],
    ['It names more than 256 lists.', ...Array.from({ length: 257 }, (_, at) => issuer.listUri(`${at}`))],
  ] as const) {
    events.length = 0
    announce(...lists)
    await environment.advance(POLL_MS)
    t.strictSame(events, [{ type: 'outage', document: 'status_lists', uri: `${issuer.issuer}/status-lists`, problem }])
    t.equal(await outcome(tokenOf('1', 1)), 'revoked')
    t.match(verifier.health(), { aggregation: { problem }, statusLists: { length: 1 } })
    announce(issuer.listUri('1'))
    await environment.advance(POLL_MS)
  }
})
