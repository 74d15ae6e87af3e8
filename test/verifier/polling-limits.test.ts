/** What another side could stretch without end: the time, the size and the way of an answer. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { type Test, test } from 'tap'
import { createSigningKey } from '../support/issuer.ts'
import { POLL_MS, simulated } from '../support/simulated-verifier.ts'
import type { EnvironmentOptions } from '../support/verifier-environment.ts'

const SIZE_LIMIT = 1_000_000

/** A verifier that knows a key, and an issuer that has a new one. */
async function setUp(t: Test, options: EnvironmentOptions = {}) {
  const running = await simulated(t, options)
  const { events, outcome } = running.start()
  await running.environment.idle()
  const next = await createSigningKey()
  const { issuer } = running
  const keys = JSON.stringify({ keys: [issuer.key.jwk, next.jwk] })
  return {
    ...running,
    events,
    outcome,
    keys,
    /** What a poll of the keys comes to. */
    async poll() {
      await running.environment.advance(POLL_MS)
      t.equal(await outcome(issuer.token()), 'accepted', 'what is known stays known')
      return [(await outcome(issuer.token({}, {}, next))) === 'accepted', events.at(-1)] as const
    },
  }
}

test('an answer that does not come, or does not end, is given up after 2 s', async t => {
  const stuck: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
    'without an answer': () => undefined,
    'within the body': (_request, response) => void response.writeHead(200).write('{"keys":['),
  }
  await Promise.all(
    Object.entries(stuck).map(async ([title, hang]) => {
      const { environment, issuer, events } = await setUp(t, { givesUp: true })
      issuer.publish(issuer.jwksPath, hang)
      const beganAt = performance.now()
      await environment.advance(POLL_MS)
      const ms = performance.now() - beganAt
      t.ok(ms > 1_900 && ms < 8_000, `${title}: ${ms} ms`)
      t.match(events, [{ type: 'outage', document: 'keys', problem: /timeout/i }], title)
    }),
  )
})

test('a document of 1 MB is read, and one of a byte more is not', async t => {
  for (const [size, isRead] of [
    [SIZE_LIMIT, true],
    [SIZE_LIMIT + 1, false],
  ] as const) {
    const { issuer, keys, poll } = await setUp(t)
    issuer.publish(issuer.jwksPath, { body: keys.padEnd(size) })
    const [accepted, event] = await poll()
    t.equal(accepted, isRead)
    t.match(event, isRead ? undefined : { type: 'outage', document: 'keys', problem: /more than 1000000 bytes/ })
  }
})

test('the limit holds for what a compressed document grows to', async t => {
  for (const [size, isRead] of [
    [SIZE_LIMIT, true],
    [100 * SIZE_LIMIT, false],
  ] as const) {
    const { issuer, keys, poll } = await setUp(t)
    const body = gzipSync(keys.padEnd(size))
    t.ok(body.length < SIZE_LIMIT)
    issuer.publish(issuer.jwksPath, { body, headers: { 'content-encoding': 'gzip' } })
    const [accepted, event] = await poll()
    t.equal(accepted, isRead)
    t.match(event, isRead ? undefined : { type: 'outage', document: 'keys', problem: /more than 1000000 bytes/ })
  }
})

test('a document without an end is left where it is too long', async t => {
  const { issuer, poll } = await setUp(t)
  const closed = Promise.withResolvers<void>()
  issuer.publish(issuer.jwksPath, (_request, response) => {
    response.on('close', () => closed.resolve())
    response.writeHead(200)
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, ' ')));
    }
    response.on('drain', more)
    more()
  })
  t.match(await poll(), [false, { type: 'outage', problem: /more than 1000000 bytes/ }])
  await closed.promise
})

test('no redirect is followed', async t => {
  for (const status of [301, 302, 303, 307, 308]) {
    const { issuer, keys, poll } = await setUp(t)
    issuer.publish('/elsewhere', { body: keys })
    issuer.publish(issuer.jwksPath, { status, headers: { location: `${issuer.issuer}/elsewhere` }, body: keys })
    t.match(await poll(), [false, { type: 'outage', document: 'keys', problem: `It answers ${status}.` }])
    t.equal(issuer.countOf('/elsewhere'), 0, 'and nobody asked there')
  }
})

test('no other answer than 200 is a document', async t => {
  for (const status of [201, 203, 206, 304, 400, 404, 500, 503]) {
    const { issuer, keys, poll } = await setUp(t)
    issuer.publish(issuer.jwksPath, { status, body: keys })
    t.match(await poll(), [false, { type: 'outage', document: 'keys', problem: `It answers ${status}.` }])
  }
})
