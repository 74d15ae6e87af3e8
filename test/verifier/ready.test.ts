/** What a service may wait for before it takes requests. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { TokenError } from '@signet/verifier'
import { test } from 'tap'
import { MINUTE_MS, POLL_MS, simulated } from '../support/simulated-verifier.ts'

/** Whether a promise is not settled, when all that could happen without news from outside has happened. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let isSettled = false
  const settle = () => {
    isSettled = true
  }
  promise.then(settle, settle)
  await nextTurn()
  return !isSettled
}

test('ready resolves when keys and status lists are loaded, and not before', async t => {
  for (const last of ['/jwks.json', '/status-lists', '/status-lists/1']) {
    const { environment, issuer, start, publishBits, tokenOf } = await simulated(t)
    publishBits('1', 1)
    const hold = issuer.holdAt(last)
    hold.close()
    const { verifier, outcome } = start()
    const ready = verifier.ready()
    await hold.waiting(1)
    t.ok(await isPending(ready), last)
    hold.open()
    await ready
    await environment.idle()
    const asked = issuer.requests.length
    t.equal(await outcome(tokenOf('1')), 'revoked')
    t.equal(issuer.requests.length, asked, 'nothing is left to be fetched')
    await verifier.ready()
  }
})

test('ready rejects with the reason when the try under way fails, and asked again it waits for the next', async t => {
  const { environment, issuer, start } = await simulated(t)
  environment.cut()
  const { verifier } = start()
  const reason = {
    name: 'TokenError',
    code: 'unavailable',
    message: new RegExp(`${issuer.issuer}/\\.well-known/oauth-authorization-server.*The network is cut`),
  }
  await t.rejects(verifier.ready(), reason)
  await environment.idle()
  const next = verifier.ready()
  t.ok(await isPending(next))
  await Promise.all([t.rejects(next, reason), environment.advance(POLL_MS)])
  await environment.advance(10 * MINUTE_MS)
  const ready = verifier.ready()
  t.ok(await isPending(ready))
  environment.mend()
  await environment.advance(POLL_MS)
  await ready
})

test('ready rejects for each document that is missing, also while the others can be had', async t => {
  for (const broken of ['/jwks.json', '/status-lists', '/status-lists/1']) {
    const { environment, issuer, start, publishBits } = await simulated(t)
    // Without keys no list can be read either.
    if (broken !== '/jwks.json') publishBits('1', 0)
    issuer.publish(broken, { status: 503, body: '' })
    const { verifier } = start()
    await t.rejects(verifier.ready(), {
      code: 'unavailable',
      message: new RegExp(`${issuer.issuer}${broken}: It answers 503\\.$`),
    })
    issuer.publishKeys([issuer.key.jwk])
    publishBits('1', 0)
    await environment.advance(POLL_MS)
    await verifier.ready()
  }
})

test('ready is refused when the verifier is closed before', async t => {
  const { environment, start } = await simulated(t)
  environment.cut()
  const { verifier } = start()
  const ready = verifier.ready()
  verifier.close()
  for (const wait of [ready, verifier.ready()]) {
    const error: unknown = await wait.catch(thrown => thrown)
    t.ok(error instanceof TokenError)
    t.match(error, { code: 'unavailable', message: /closed/ })
  }
})

test('once ready, always ready', async t => {
  const { environment, start } = await simulated(t)
  const { verifier } = start()
  await verifier.ready()
  environment.cut()
  await environment.advance(10 * MINUTE_MS)
  await verifier.ready()
  verifier.close()
  await verifier.ready()
})
