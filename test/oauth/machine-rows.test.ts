/** The row of a machine: how long it lives, which index it holds and until when, and when the next one starts beside it. */
import t, { type Test } from 'tap'
import { addKey, addMachine, addUser, askAs, exchange } from '../support/asking-machines.ts'
import { testClock } from '../support/clock.ts'
import { type Answer, byTest, type ServeOptions, secret, serve } from '../support/serve.ts'
import { select, sessionsOf } from '../support/sqlite.ts'
import { isRevoked, statusIn, statusListsOf } from '../support/status-list.ts'

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000]
/** The last second that a date of four digits can say. */
const never = Date.UTC(9999, 11, 31, 23, 59, 59)

/** job asks for itself, and exchanges the key of alice, as gateway does. */
async function stage(t: Test, options: ServeOptions = {}) {
  const clock = testClock()
  const service = await serve(t, { clock, ...options })
  const { databaseFile, clients } = service
  const { secretId = '' } = await addMachine(service, 'job')
  await addMachine(service, 'gateway')
  await addUser(service, 'alice')
  const key = await addKey(service, { username: 'alice' })
  const rows = () => sessionsOf(databaseFile)
  return {
    clock,
    service,
    key,
    /** The first of job. */
    secretId,
    rows,
    ask: () => askAs(service, 'job'),
    exchange: (clientId = 'job', { text } = key) => exchange(service, text, clientId),
    setLifetime: (seconds: number) => clients.update('job', { accessTokenTtlSeconds: seconds }, byTest),
    revoke: (token: string) => service.get('/oauth/revoke', { form: { token }, client: ['job', secret] }),
    sweep: async () => (await service.container.janitor()).sweep(),
  }
}

function tokenOf({ status, text, body }: Answer): string {
  if (status !== 200) throw new Error(`No token: ${text}`)
  return body.access_token
}
const indexOf = (answer: Answer) => statusIn(tokenOf(answer))

t.test('of fifty first requests with one credential all are answered, and share one row and one index', async t => {
  const { ask, exchange, rows } = await stage(t)
  for (const [asked, request] of [ask, exchange].entries()) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => request()))
    const indices = new Set(answers.map(answer => JSON.stringify(indexOf(answer))))
    t.equal(indices.size, 1)
    t.equal(rows().length, asked + 1)
    t.match(rows()[asked], { status_index: indexOf(answers[0] as Answer).idx, revision: 0, left_index: null })
  }
})

t.test('the row of a credential expires with it, or never, and has no family', async t => {
  const { service, clock, ask, exchange, rows } = await stage(t)
  await ask()
  await exchange()
  const proof = 'another-secret-with-enough-entropy-0123456789'
  await service.clients.addSecret('job', { name: undefined, secret: proof, ttlSeconds: 3600 }, byTest)
  await askAs(service, 'job', { secret: proof })
  const brief = await addKey(service, { clientId: 'job' }, { ttlSeconds: 7200 })
  await exchange('job', brief)
  const lives = rows().map(row => [row['expires_at_ms'], row['absolute_expires_at_ms'], row['handle_hash']])
  const until = (atMs: number) => [atMs, atMs, null]
  const nowMs = clock.now()
  t.same(lives, [until(never), until(never), until(nowMs + HOUR_MS), until(nowMs + 2 * HOUR_MS)])
})

t.test('the row is written ahead by one more lifetime, at most an hour, and never back', async t => {
  const { clock, ask, exchange, rows, setLifetime } = await stage(t)
  const last = (row = 0) => (rows()[row]?.['status_last_expiry_ms'] - clock.now()) / 1000
  await setLifetime(300)
  await ask()
  t.equal(last(), 600)
  await setLifetime(12 * 3600)
  await ask()
  t.equal(last(), 13 * 3600)
  await setLifetime(30)
  await ask()
  t.equal(last(), 13 * 3600, 'a shorter lifetime takes nothing back')
  clock.advance(13 * HOUR_MS - 30_000)
  await ask()
  t.equal(last(), 30, 'what is covered is not written')
  clock.advance(1)
  await ask()
  t.equal(last(), 60)
  await exchange()
  t.equal(last(1), 60, 'the token of a key lives no longer than those of its client')
  await setLifetime(3600)
  await exchange()
  t.equal(last(1), 600, 'and five minutes')
})

t.test('a row moves to a younger list when its own is a day old, and a revocation reaches both', async t => {
  const { clock, ask, rows, service, setLifetime } = await stage(t)
  await setLifetime(12 * 3600)
  const first = tokenOf(await ask())
  clock.advance(DAY_MS - 6 * HOUR_MS)
  const second = tokenOf(await ask())
  t.same(statusIn(second), statusIn(first), 'one that is younger stays')
  clock.advance(6 * HOUR_MS)
  const third = tokenOf(await ask())
  t.not(statusIn(third).uri, statusIn(second).uri)
  t.match(rows(), [{ left_index: statusIn(second).idx, status_index: statusIn(third).idx, revision: 1 }])
  t.same(statusIn(tokenOf(await ask())), statusIn(third), 'and stays there')
  await service.clients.setStatus('job', 'disabled', byTest)
  for (const token of [second, third]) t.ok(await isRevoked(statusIn(token)))
  t.equal(statusListsOf(service.databaseFile).length, 2)
})

t.test('what was ended stays so after enable: the next row starts beside it', async t => {
  const { ask, exchange, rows, service } = await stage(t)
  const { clients, users } = service
  const before = [tokenOf(await ask()), tokenOf(await exchange('gateway'))]
  await clients.setStatus('job', 'disabled', byTest)
  t.equal((await ask()).status, 401)
  await clients.setStatus('job', 'active', byTest)
  await users.setStatus('alice', 'disabled', byTest)
  t.equal((await exchange('gateway')).status, 400)
  await users.setStatus('alice', 'active', byTest)
  const after = [tokenOf(await ask()), tokenOf(await exchange('gateway'))]
  const reasons = rows().map(row => row['end_reason'])
  t.same(reasons, ['client_disabled', 'user_disabled', null, null])
  for (const token of before) t.ok(await isRevoked(statusIn(token)))
  for (const token of after) t.notOk(await isRevoked(statusIn(token)))
})

t.test('a client that is narrowed loses its tokens once, those of its keys through others, too', async t => {
  const { service, ask, exchange, rows } = await stage(t)
  const owned = await addKey(service, { clientId: 'job' })
  const before = [tokenOf(await ask()), tokenOf(await exchange('gateway', owned))]
  await service.clients.update('job', { scope: ['posts:read'] }, byTest)
  for (const token of before) t.ok(await isRevoked(statusIn(token)))
  t.same(
    rows().map(({ revision }) => revision),
    [1, 1],
    'a token that was got while the rows of the key were reached stays good',
  )
  for (const answer of [await ask(), await exchange('gateway', owned)]) t.equal(answer.body.scope, 'posts:read')
})

t.test('a client that is disabled takes with it what went through it, and nothing else of the key', async t => {
  const { exchange, rows, service } = await stage(t)
  const [through, beside] = [tokenOf(await exchange('job')), tokenOf(await exchange('gateway'))]
  await service.clients.setStatus('job', 'disabled', byTest)
  t.ok(await isRevoked(statusIn(through)))
  t.notOk(await isRevoked(statusIn(beside)))
  t.same(
    rows().map(row => row['end_reason']),
    ['client_disabled', null],
  )
  t.same(indexOf(await exchange('gateway')), statusIn(beside), 'the key works there as before')
})

t.test(
  'the janitor removes a row that has ended, or whose credential has expired, when its tokens are over',
  async t => {
    const { clock, ask, exchange, rows, secretId, service, sweep } = await stage(t)
    const { clients } = service
    const proof = 'another-secret-with-enough-entropy-0123456789'
    await clients.addSecret('job', { name: undefined, secret: proof, ttlSeconds: 60 }, byTest)
    await askAs(service, 'job', { secret: proof })
    await ask()
    await exchange('gateway')
    const [kept] = select(service.databaseFile, `select id from sessions where credential_id like 'key_%'`)
    await clients.removeSecret('job', secretId, byTest)
    // Tokens of ten minutes, twice, and the tolerance of a verifier's clock.
    clock.advance(25 * MINUTE_MS - 1)
    t.equal((await sweep()).sessions, 0)
    clock.advance(1)
    t.equal((await sweep()).sessions, 2)
    t.match(rows(), [kept])
    clock.advance(365 * DAY_MS)
    t.equal((await sweep()).sessions, 0, 'a credential that works keeps its row')
    t.equal((await exchange('gateway')).status, 200)
    t.match(rows(), [kept])
  },
)
