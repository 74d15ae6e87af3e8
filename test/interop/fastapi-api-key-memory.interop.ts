/** What the package signet-verifier remembers of API keys, and when it forgets that. */
import { test } from 'tap'
import { apiKey, refusal } from '../support/exchanging-issuer.ts'
import { withExchanges } from './fastapi-api-keys.ts'

const notValid = [401, 'The API key is not valid.']

test('FastAPI: what is remembered of good and of refused keys is bounded: what was not asked for the longest goes first', async t => {
  const { calls, reply, grant, outcomeOf } = await withExchanges(t, { app: 'forgetful' })
  for (const number of [1, 2, 3]) reply(apiKey(number), () => grant({ jti: `of ${number}` }))
  for (const [expected, numbers] of [
    ['of', [1, 2, 3]],
    ['401', [11, 12, 13]],
  ] as const) {
    const [first, second, third] = numbers
    const before = calls.length
    const costs = async (number: number) => {
      t.ok(String(await outcomeOf(apiKey(number))).startsWith(expected), `${number}`)
      return calls.length - before
    }
    const order = [first, second, first, second, first, third, third, first, second]
    const costsSoFar = []
    for (const number of order) costsSoFar.push(await costs(number))
    t.strictSame(costsSoFar, [1, 2, 2, 2, 2, 3, 3, 3, 4], expected)
  }
})

test('FastAPI: a renewal that finds the key refused ends the token at hand, too', async t => {
  const { hold, resource, calls, reply, grant, outcomeOf, advance } = await withExchanges(t)
  reply(apiKey(), () => grant())
  t.equal(await outcomeOf(apiKey()), 'token-1')
  reply(apiKey(), refusal('invalid_request'))
  advance(230)
  const held = hold()
  held.close()
  t.equal(await outcomeOf(apiKey()), 'token-1')
  await held.waiting(1)
  advance(101)
  const waiting = outcomeOf(apiKey())
  held.open()
  t.strictSame(await waiting, notValid)
  // Now its own token would be good again.
  resource.setWallClock(-150)
  advance(10)
  t.strictSame(await outcomeOf(apiKey()), notValid)
  t.equal(calls.length, 3, 'ten seconds later it was asked for again')
})

test('FastAPI: a renewal that fails, or brings a token of no use, leaves the one at hand', async t => {
  const { resource, calls, reply, grant, outcomeOf, advance } = await withExchanges(t)
  reply(apiKey(), () => grant())
  t.equal(await outcomeOf(apiKey()), 'token-1')
  const bad = [
    [refusal('server_error', 500), /API keys can't be exchanged: It answers 500/],
    [refusal('invalid_target'), /an API key was not exchanged: It answers 400 invalid_target/],
    [grant({ aud: 'https://other.example.com' }), /an API key was not exchanged: .* for another audience/],
  ] as const
  advance(230)
  for (const [answer, says] of bad) {
    reply(apiKey(), answer)
    const said = resource.hears(says)
    t.equal(await outcomeOf(apiKey()), 'token-1')
    // No request comes before it is over: it would join this renewal.
    await said
    advance(10)
  }
  t.equal(await outcomeOf(apiKey()), 'token-1')
  t.ok(calls.length >= 4)
})
