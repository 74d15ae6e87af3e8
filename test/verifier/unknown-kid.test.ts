/** Keys that a verifier does not know, or no longer. */
import { randomUUID } from 'node:crypto'
import { type Test, test } from 'tap'
import { createSigningKey, encode, type Issuer } from '../support/issuer.ts'
import { POLL_MS, SECOND_MS, simulated } from '../support/simulated-verifier.ts'

/** Claims and signature of some token. */
let signature: string | undefined

async function setUp(t: Test) {
  const running = await simulated(t)
  const { issuer, environment } = running
  const started = running.start()
  await environment.idle()
  return {
    ...running,
    ...started,
    fetches: () => issuer.countOf(issuer.jwksPath),
    /** What becomes of tokens with kids that nobody has ever heard of. */
    flood: (tokens: number) =>
      Promise.all(Array.from({ length: tokens }, () => started.outcome(withRandomKid(issuer)))),
  }
}

/** Nobody has to sign it: without a key there is nothing to be verified. */
function withRandomKid({ token }: Issuer): string {
  signature ??= token().split('.').slice(1).join('.')
  return `${encode({ typ: 'at+jwt', alg: 'RS256', kid: randomUUID() })}.${signature}`
}

const isUnknown = (outcomes: readonly string[]): boolean => outcomes.every(outcome => outcome === 'unknown_key')

test('1,000 random kids a second cause one fetch in 10 s besides the polls, and a good token in between is verified', async t => {
  const { environment, issuer, outcome, fetches, flood } = await setUp(t)
  const STEP_MS = 100
  for (const seconds of [10, 20]) {
    const before = fetches()
    for (let ms = 0; ms < 10 * SECOND_MS; ms += STEP_MS) {
      const flooded = flood(STEP_MS)
      const good = outcome(issuer.token({ jti: randomUUID() }))
      if (!isUnknown(await flooded) || (await good) !== 'accepted') t.fail(`after ${seconds} s and ${ms} ms`)
      await environment.advance(STEP_MS)
    }
    t.equal(fetches() - before, 3, 'one for the kids, and the polls')
  }
})

test('who comes with an unknown kid while it is being looked for waits for that fetch', async t => {
  const { issuer, outcome, fetches, flood } = await setUp(t)
  const hold = issuer.holdAt(issuer.jwksPath)
  hold.close()
  const flooded = flood(1_000)
  await hold.waiting(1)
  t.equal(await outcome(issuer.token()), 'accepted', 'a good token does not')
  hold.open()
  t.ok(isUnknown(await flooded))
  t.equal(fetches(), 2)
})

test('a new key is found by its first token, before the next poll', async t => {
  const { issuer, environment, outcome, fetches } = await setUp(t)
  const [second, third] = [await createSigningKey(), await createSigningKey()]
  await environment.advance(2 * SECOND_MS)
  issuer.publishKeys([issuer.key.jwk, second.jwk])
  t.equal(await outcome(issuer.token({}, {}, second)), 'accepted')
  t.equal(fetches(), 2)
  issuer.publishKeys([issuer.key.jwk, second.jwk, third.jwk])
  t.equal(await outcome(issuer.token({}, {}, third)), 'unknown_key', 'another waits for the poll')
  await environment.advance(3 * SECOND_MS)
  t.equal(await outcome(issuer.token({}, {}, third)), 'accepted')
  t.equal(fetches(), 3)
})

test('the time between two such fetches is 10 s, also where polls are rarer', async t => {
  const { issuer, environment, start } = await simulated(t)
  const { outcome } = start({ pollInterval: 60 })
  await environment.idle()
  const unknown = () => outcome(issuer.token({}, { kid: randomUUID() }))
  await unknown()
  await environment.advance(9_999)
  await unknown()
  t.equal(issuer.countOf(issuer.jwksPath), 2)
  await environment.advance(1)
  await unknown()
  t.equal(issuer.countOf(issuer.jwksPath), 3)
})

test('a flood of unknown kids evicts no key, whatever the issuer answers', async t => {
  const { issuer, environment, outcome, flood } = await setUp(t)
  for (const body of ['', '{}', '{"keys":[]}', '{"keys":[{}]}']) {
    issuer.publish(issuer.jwksPath, { body })
    t.ok(isUnknown(await flood(100)))
    t.equal(await outcome(issuer.token({ jti: randomUUID() })), 'accepted')
    await environment.advance(POLL_MS)
  }
})

test('while the token service is down a flood is no more than one try in 10 s', async t => {
  const { environment, flood } = await setUp(t)
  environment.cut()
  const before = environment.sent()
  t.ok(isUnknown(await flood(100)))
  t.equal(environment.sent() - before, 1, 'one for the kids')
  for (let second = 0; second < 9; second += 1) {
    await environment.advance(SECOND_MS)
    const sent = environment.sent()
    t.ok(isUnknown(await flood(100)))
    t.equal(environment.sent(), sent, 'and then none but those of the polls')
  }
})

test('tokens of a key that left the JWKS are refused from the next poll on, also those that were verified before', async t => {
  const { issuer, environment, outcome } = await setUp(t)
  const next = await createSigningKey()
  const token = issuer.token()
  t.equal(await outcome(token), 'accepted')
  issuer.publishKeys([next.jwk])
  await environment.advance(POLL_MS - 1)
  t.equal(await outcome(token), 'accepted')
  await environment.advance(1)
  t.equal(await outcome(token), 'unknown_key')
  t.equal(await outcome(issuer.token({}, {}, next)), 'accepted')
})

test('a kid under which another key is published makes the tokens of the one before invalid', async t => {
  const { issuer, environment, outcome } = await setUp(t)
  const token = issuer.token()
  t.equal(await outcome(token), 'accepted')
  const other = await createSigningKey('RS256', { kid: issuer.key.kid })
  issuer.publishKeys([{ ...other.jwk, kid: issuer.key.kid }])
  await environment.advance(POLL_MS)
  t.equal(await outcome(token), 'bad_signature')
})

test('a key that is published in another order of members is the same key', async t => {
  const { issuer, environment, outcome } = await setUp(t)
  const token = issuer.token()
  issuer.publishKeys([Object.fromEntries(Object.entries(issuer.key.jwk).reverse())])
  await environment.advance(POLL_MS)
  t.equal(await outcome(token), 'accepted')
})
