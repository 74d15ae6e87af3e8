import t from 'tap'
import { attempt, guessingAtAlice, right, untilThrottled, wrong } from '../support/guessing.ts'

t.jobs = 3

t.test('after ten wrong passwords an account is not tried from that network, and the answer says how long', async t => {
  const { service, compared } = await guessingAtAlice(t)
  const answers = await untilThrottled(service)
  t.equal(answers.length, 11)
  t.equal(compared(), 10)
  const last = answers.at(-1)
  t.equal(last?.status, 429)
  t.match(last?.body, { error: 'too_many_requests', error_description: String })
  t.equal(last?.headers.get('cache-control'), 'no-store')
  const retryAfter = Number(last?.headers.get('retry-after'))
  t.ok(retryAfter > 240 && retryAfter <= 300, `Retry-After: ${retryAfter}`)
})

t.test('known and unknown names, wrong and right passwords look the same', async t => {
  const { service, compared } = await guessingAtAlice(t)
  const known = await untilThrottled(service, { username: 'alice' })
  const unknown = await untilThrottled(service, { username: 'nobody' })
  t.same(
    unknown.map(({ status, text }) => [status, text]),
    known.map(({ status, text }) => [status, text]),
  )
  const before = compared()
  const good = await right(service)
  const headersOf = (answer: typeof good) => {
    const { date: _, 'x-request-id': __, 'retry-after': ___, ...headers } = Object.fromEntries(answer.headers)
    return headers
  }
  const refused = known.at(-1) as typeof good
  t.same([good.status, good.text], [refused.status, refused.text], 'the right password')
  t.same(headersOf(good), headersOf(refused))
  t.same(headersOf(unknown.at(-1) as typeof good), headersOf(refused))
  t.equal(compared(), before, 'nothing was hashed')
})

t.test('of 200 guesses at once no more are compared than of one after the other', async t => {
  const { service, compared } = await guessingAtAlice(t)
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, number) => attempt(service, { password: wrong(number) })),
  )
  t.ok(answers.every(({ status }) => [400, 429, 503].includes(status)))
  t.ok(compared() <= 10, `${compared()} compared at once`)
  await untilThrottled(service, {}, 200)
  t.equal(compared(), 10)
})
