/**
 * A status list that comes with `Age` (RFC 9111 §5.1): an instance of the issuer has lost its database and answers what it knew, or a
 * cache answers in its place.
 */
import { type Test, test } from 'tap'
import { MINUTE_MS, POLL_MS, SECOND_MS, simulated } from '../support/simulated-verifier.ts'

/** Behind a balancer: each poll is answered as the test says. */
async function setUp(t: Test, startMs?: number) {
  const running = await simulated(t, startMs === undefined ? {} : { startMs })
  const { issuer, environment, tokenOf, start } = running
  const headers = (age: number | undefined, etag?: string) => ({
    ...(age !== undefined && { age: `${age}` }),
    ...(etag !== undefined && { etag }),
  })
  /** @param age in seconds */
  const answers = (bits: number, age?: number, claims = {}, etag?: string) =>
    issuer.publishList('1', issuer.statusList('1', Buffer.from([bits]), claims), headers(age, etag))
  const begin = async (...of: Parameters<typeof start>) => {
    const started = start(...of)
    await environment.idle()
    return {
      ...started,
      isRevoked: async (idx: number) => (await started.outcome(tokenOf('1', idx))) === 'revoked',
      lists: () => started.verifier.health().statusLists,
    }
  }
  return { ...running, answers, begin }
}

test('an instance that lost its database takes no revocation back, when a balancer sends the verifier to it', async t => {
  const { environment, answers, begin } = await setUp(t)
  answers(0b00)
  const { isRevoked, verifier } = await begin()
  // Both were revoked in one second. The other instance looked between them, and lost its database then.
  await environment.advance(POLL_MS)
  answers(0b11)
  await environment.advance(POLL_MS)
  t.ok((await isRevoked(0)) && (await isRevoked(1)))
  for (let seconds = POLL_MS / SECOND_MS; seconds <= 60; seconds += POLL_MS / SECOND_MS) {
    answers(0b01, seconds)
    await environment.advance(POLL_MS)
    t.ok(await isRevoked(1), `${seconds} s later`)
  }
  t.ok((verifier.health().statusLists[0]?.ageSeconds ?? 0) >= 60, 'and it confirms nothing')
  answers(0b10)
  await environment.advance(POLL_MS)
  t.same([await isRevoked(0), await isRevoked(1)], [false, true], 'what comes without Age is taken, whatever it says')
})

test('what comes with Age is taken if it was true a second after the list at hand, and not sooner', async t => {
  for (const startMs of [1_900_000_000_000, 1_900_000_000_400, 1_900_000_000_999])
    for (const [age, isTaken] of [
      [0, true],
      [4, true],
      [5, false],
      [6, false],
      [3600, false],
    ] as const) {
      const { environment, answers, begin } = await setUp(t, startMs)
      answers(0b01)
      const { isRevoked } = await begin()
      answers(0b10, age)
      await environment.advance(POLL_MS)
      t.same([await isRevoked(0), await isRevoked(1)], isTaken ? [false, true] : [true, false], `Age: ${age}`)
    }
})

test('seconds that Age leaves out, and the time that an answer takes, make no list newer than it is', async t => {
  // The first list is received in 0.9 s. The second was true at 0.5 s, and its Age of 4.5 s was cut down.
  // Or it was true at 0 s, is answered with what it is by then, and comes 1.9 s after it was asked for.
  for (const [firstMs, secondMs, age] of [
    [900, 0, 4],
    [0, 1900, 5],
  ] as const) {
    const { environment, issuer, answers, begin } = await setUp(t)
    const slowly = (bits: number, ms: number, more?: number) => {
      answers(bits)
      const body = issuer.statusList('1', Buffer.from([bits]))
      issuer.publish(`${issuer.listsPath}/1`, (_request, response) => {
        environment.pass(ms)
        response.writeHead(200, more === undefined ? {} : { age: `${more}` }).end(body)
      })
    }
    slowly(0b01, firstMs)
    const { isRevoked } = await begin()
    slowly(0b10, secondMs, age)
    await environment.advance(POLL_MS)
    t.ok(await isRevoked(0), `Age: ${age}`)
  }
})

test('a list that came with Age was true that much sooner: one that is newer takes its place, with Age, too', async t => {
  const { environment, answers, begin } = await setUp(t)
  answers(0b001, 60)
  const { isRevoked, lists } = await begin()
  t.ok(await isRevoked(0), 'the first one is taken, however old: there is nothing better')
  t.equal(lists()[0]?.ageSeconds, 60)
  answers(0b010, 65)
  await environment.advance(POLL_MS)
  t.ok(await isRevoked(0), 'true at the same time')
  answers(0b010, 69)
  await environment.advance(POLL_MS)
  t.ok(await isRevoked(1), 'true a second later')
  t.equal(lists()[0]?.ageSeconds, 69)
})

test('a 304 confirms the list at hand: as of now, or by its Age as of sooner', async t => {
  const { environment, issuer, answers, begin } = await setUp(t)
  answers(0b01, undefined, {}, '"1"')
  const { isRevoked, lists } = await begin()
  const path = `${issuer.listsPath}/1`
  const notModified = (age: number | undefined) =>
    issuer.publish(path, (_request, response) =>
      response.writeHead(304, { etag: '"1"', ...(age !== undefined && { age: `${age}` }) }).end(),
    )
  notModified(undefined)
  await environment.advance(POLL_MS)
  t.equal(lists()[0]?.ageSeconds, 0)
  notModified(3)
  await environment.advance(POLL_MS)
  t.equal(lists()[0]?.ageSeconds, 3)
  notModified(60)
  await environment.advance(POLL_MS)
  t.equal(lists()[0]?.ageSeconds, 8, 'what was known already is not unlearned')
  answers(0b10, 13)
  await environment.advance(POLL_MS)
  t.ok(await isRevoked(0), 'that was true before the last confirmation')
  answers(0b10, 17)
  await environment.advance(POLL_MS)
  t.ok(await isRevoked(1), 'and that after it')
})

test('a clock that is set, at the service of the verifier, lets no old list in and keeps no newer one out', async t => {
  for (const byMs of [60 * MINUTE_MS, -60 * MINUTE_MS]) {
    const { environment, answers, begin } = await setUp(t)
    answers(0b01)
    const { isRevoked } = await begin()
    environment.setClock(byMs)
    answers(0b10, 30)
    await environment.advance(POLL_MS)
    t.ok(await isRevoked(0))
    answers(0b10, 3)
    await environment.advance(POLL_MS)
    t.ok(await isRevoked(1))
  }
})

test('strict refuses when the list with Age is older than maxStaleness, although the answers keep coming', async t => {
  const { environment, answers, begin, tokenOf } = await setUp(t)
  answers(0)
  const { outcome, verifier } = await begin({ mode: 'strict' })
  for (let seconds = 5; seconds <= 60; seconds += 5) {
    answers(0, seconds)
    await environment.advance(POLL_MS)
    t.equal(await outcome(tokenOf('1')), 'accepted')
  }
  answers(0, 65)
  await environment.advance(POLL_MS)
  t.equal(await outcome(tokenOf('1')), 'unavailable')
  t.equal(verifier.health().status, 'stale')
  answers(0)
  await environment.advance(POLL_MS)
  t.equal(await outcome(tokenOf('1')), 'accepted')
})

test('Age is said once when it begins and once when it is over, and one instance of two is one outage', async t => {
  const { environment, issuer, answers, begin } = await setUp(t)
  answers(0)
  const { events } = await begin()
  const said = { document: 'status_list', uri: issuer.listUri('1') }
  for (let poll = 1; poll <= 60; poll += 1) {
    // Now this instance, now that one.
    answers(0, poll % 2 === 0 ? undefined : poll * 5)
    await environment.advance(POLL_MS)
  }
  t.strictSame(events, [{ type: 'aged', ...said, ageSeconds: 5 }])
  answers(0)
  await environment.advance(MINUTE_MS)
  t.strictSame(events.slice(1), [{ type: 'fresh', ...said }])
  answers(0, 1)
  await environment.advance(MINUTE_MS)
  t.strictSame(events.slice(2), [{ type: 'aged', ...said, ageSeconds: 1 }], 'and another outage is said again')
})

test('a list with Age must be as good as any other', async t => {
  const { environment, issuer, answers, begin } = await setUp(t)
  answers(0b01)
  const { isRevoked, events } = await begin()
  answers(0b10, 1, { exp: Math.floor(environment.now() / SECOND_MS) - 60 })
  await environment.advance(POLL_MS)
  answers(0b10, 1, { sub: issuer.listUri('2') })
  await environment.advance(POLL_MS)
  t.ok(await isRevoked(0))
  t.match(events, [
    { type: 'outage', problem: /expired/ },
    { type: 'outage', problem: /another uri/ },
  ])
})

test('an Age that is no number says nothing, and of several the first counts', async t => {
  for (const [age, taken] of [
    ['soon', 1],
    ['-1', 1],
    ['7, 0', 0],
  ] as const) {
    const { environment, issuer, answers, begin } = await setUp(t)
    answers(0b01)
    const { isRevoked } = await begin()
    issuer.publishList('1', issuer.statusList('1', Buffer.from([0b10])), { age })
    await environment.advance(POLL_MS)
    t.ok(await isRevoked(taken), `Age: ${age}`)
  }
})

test('Age of keys and of the aggregation is only how long a cache has had them', async t => {
  const { environment, issuer, begin } = await setUp(t)
  const { verifier, events } = await begin()
  const aged = (where: string, document: object) =>
    issuer.publish(where, { body: JSON.stringify(document), headers: { age: '250' } })
  aged(issuer.jwksPath, { keys: [issuer.key.jwk] })
  aged(issuer.listsPath, { status_lists: [] })
  await environment.advance(POLL_MS)
  t.match(verifier.health(), { status: 'ok', keys: { ageSeconds: 0 }, aggregation: { ageSeconds: 0 } })
  t.strictSame(events, [])
})
