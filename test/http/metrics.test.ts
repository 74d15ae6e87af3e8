/** GET /metrics: each metric moves when what it tells of happens. */
import { availableParallelism } from 'node:os'
import { test } from 'tap'
import { testClock } from '../support/clock.ts'
import { createHold } from '../support/hold.ts'
import { metricOf, samplesIn, scrape, valueIn } from '../support/metrics.ts'
import { addAlice, byTest, refresh, request, secret, serve, signIn } from '../support/serve.ts'
import { DAY, HOUR } from '../support/signing-keys.ts'
import { change, notOnPostgres } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'

test('the answer is in the text format of Prometheus, and nobody caches it', async t => {
  const service = await serve(t)
  const { status, headers, text } = await request(`${service.management}/metrics`)
  t.equal(status, 200)
  t.equal(headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  t.equal(headers.get('cache-control'), 'no-store')
  t.ok(samplesIn(text).length > 50)
  for (const { name } of samplesIn(text)) t.match(name, /^(signet|process|nodejs)_/)
})

test('grants are counted by type and outcome, and those that were given are timed', async t => {
  const service = await serve(t)
  await addAlice(service)
  const { body } = await signIn(service)
  await signIn(service, { password: 'wrong' })
  await refresh(service, body.refresh_token)
  await refresh(service, 'no token of ours')
  await service.token({ grant_type: 'made up' }, { client: ['web-app', secret] })
  await service.token({ grant_type: 'password' }, { client: ['nobody', secret] })
  const text = await scrape(service)
  const grants = (grant_type: string, outcome: string) => valueIn(text, 'signet_grants_total', { grant_type, outcome })
  t.equal(grants('password', 'success'), 1)
  t.equal(grants('password', 'invalid_grant'), 1)
  t.equal(grants('password', 'invalid_client'), 1)
  t.equal(grants('refresh_token', 'success'), 1)
  t.equal(grants('refresh_token', 'invalid_grant'), 1)
  t.equal(grants('other', 'unsupported_grant_type'), 1)
  t.equal(grants('client_credentials', 'success'), 0, 'there from the start, so that the first is an increase')
  t.equal(valueIn(text, 'signet_grant_duration_seconds_count', { grant_type: 'password' }), 1)
  t.equal(valueIn(text, 'signet_grant_duration_seconds_count', { grant_type: 'refresh_token' }), 1)
  t.ok((valueIn(text, 'signet_grant_duration_seconds_sum', { grant_type: 'password' }) ?? 0) > 0)
})

test('requests are counted by route, and what callers choose makes no new series', async t => {
  const service = await serve(t)
  await service.get('/.well-known/jwks.json')
  for (const path of ['/a', '/b', '/c?d=e']) await service.get(path)
  for (const method of ['PROPFIND', 'MKCOL', 'PUT']) await service.get('/oauth/token', { method })
  await request(`${service.management}/livez`)
  const text = await scrape(service)
  const requests = (route: string, method: string, status: string) =>
    valueIn(text, 'signet_http_request_duration_seconds_count', { route, method, status })
  t.equal(requests('/.well-known/jwks.json', 'GET', '2xx'), 1)
  t.equal(requests('none', 'GET', '4xx'), 3)
  t.equal(requests('/oauth/token', 'other', '4xx'), 3)
  t.equal(requests('/livez', 'GET', '2xx'), 1)
})

test('the password checks that wait are told while they wait', async t => {
  const hold = createHold()
  const service = await serve(t, {
    faults: { hasher: real => ({ ...real, verify: (hash, entered) => hold.pass(() => real.verify(hash, entered)) }) },
  })
  await addAlice(service)
  hold.close()
  const cores = availableParallelism()
  const answers = Array.from({ length: cores + 1 }, () => signIn(service))
  await hold.waiting(cores)
  await until(async () => (await metricOf(service, 'signet_hashing_waiting')) === 1)
  t.equal(await metricOf(service, 'signet_hashing_waiting_work'), 1)
  hold.open()
  await Promise.all(answers)
  t.equal(await metricOf(service, 'signet_hashing_waiting'), 0)
})

test('signatures are timed, and those that fail are counted', async t => {
  let fails = false
  const service = await serve(t, {
    faults: {
      signer: ({ kid, sign }) => ({
        kid,
        sign: async input => {
          if (fails) throw new Error('the key store is gone')
          return sign(input)
        },
      }),
    },
  })
  await addAlice(service)
  const signed = async () => [
    await metricOf(service, 'signet_signing_duration_seconds_count'),
    await metricOf(service, 'signet_signing_failures_total'),
  ]
  await signIn(service)
  t.same(await signed(), [1, 0])
  fails = true
  await signIn(service)
  t.same(await signed(), [1, 1])
})

test('signing keys are told of by state, with their age and the next change', async t => {
  const clock = testClock()
  const service = await serve(t, { clock, environment: { SIGNET_KEY_ROTATION_INTERVAL: '90d' } })
  await service.tick()
  const keys = (state: string) => metricOf(service, 'signet_signing_keys', { state })
  const age = (state: string) => metricOf(service, 'signet_signing_key_age_seconds', { state })
  const next = async () => (await metricOf(service, 'signet_signing_key_next_transition_seconds')) ?? Number.NaN
  const [ageBefore = 0, nextBefore] = [await age('active'), await next()]
  clock.advance(HOUR)
  t.equal(await age('active'), ageBefore + 3600)
  t.equal(await next(), nextBefore - 3600)
  t.same([await keys('pending'), await keys('active'), await keys('retiring')], [1, 1, 0])
  t.equal(await age('retiring'), undefined)

  clock.advance(90 * DAY)
  await service.tick()
  t.equal(await age('active'), 0, 'a rotation')
  t.equal(await keys('retiring'), 1)
  t.equal(await next(), 12 * 3600 + 600, 'the old key leaves the JWKS')
})

test('a refresh token that is used twice is seen among the ends of sessions, with what it revokes', async t => {
  const clock = testClock()
  const service = await serve(t, { clock })
  await addAlice(service)
  const { body } = await signIn(service)
  const ends = () => metricOf(service, 'signet_session_ends_total', { reason: 'refresh_token_reuse' })
  const { body: next } = await refresh(service, body.refresh_token)
  await refresh(service, next.refresh_token)
  t.equal(await ends(), 0)
  t.equal(await metricOf(service, 'signet_revocations_total'), 0)
  await refresh(service, body.refresh_token)
  t.equal(await ends(), 1)
  t.equal(await metricOf(service, 'signet_revocations_total'), 1)
  t.equal(await metricOf(service, 'signet_audit_events_total', { type: 'session.end', outcome: 'success' }), 1)
  t.equal(await metricOf(service, 'signet_audit_events_total', { type: 'user.sign_in', outcome: 'success' }), 1)
})

test('writes are timed, and what a write was undone with is not counted', async t => {
  const service = await serve(t)
  await addAlice(service)
  const writes = async () => (await metricOf(service, 'signet_database_write_duration_seconds_count')) ?? Number.NaN
  const undone = () => metricOf(service, 'signet_database_write_failures_total', { outcome: 'undone' })
  const before = await writes()
  await signIn(service)
  t.ok((await writes()) > before)
  t.equal(await undone(), 0)
  await t.rejects(service.roles.grant('no-such-role', 'alice', byTest))
  t.equal(await undone(), 1)
  t.equal(await metricOf(service, 'signet_audit_events_total', { type: 'user.add' }), 1)
  t.ok(((await metricOf(service, 'signet_database_read_seconds')) ?? 0) > 0)
})

test('client secrets and API keys that expire within 14 days are counted', async t => {
  const clock = testClock()
  const service = await serve(t, { clock })
  await addAlice(service)
  const expiring = async () => [
    await metricOf(service, 'signet_credentials_expiring', { kind: 'client_secret' }),
    await metricOf(service, 'signet_credentials_expiring', { kind: 'api_key' }),
  ]
  const ttlSeconds = (15 * DAY) / 1000
  await service.clients.addSecret('web-app', { name: undefined, secret: `another ${secret}`, ttlSeconds }, byTest)
  t.same(await expiring(), [0, 0])
  clock.advance(2 * DAY)
  t.same(await expiring(), [1, 0])
  clock.advance(13 * DAY)
  t.same(await expiring(), [0, 0], 'it has expired')
})

test('what the janitor removes is counted, and when it was last done', async t => {
  const clock = testClock()
  const service = await serve(t, { clock })
  await addAlice(service)
  await signIn(service)
  const janitor = await service.container.janitor()
  clock.advance(100 * DAY)
  await janitor.sweep()
  t.equal(await metricOf(service, 'signet_janitor_removed_total', { kind: 'sessions' }), 1)
  t.equal(await metricOf(service, 'signet_janitor_last_run_timestamp_seconds'), clock.now() / 1000)
})

test('a change of many sessions is told of until it is over', {
  skip: notOnPostgres('the row is put there with the words of SQLite'),
}, async t => {
  const hold = createHold()
  const service = await serve(t, { faults: { write: real => (work, size) => hold.pass(() => real(work, size)) } })
  hold.close()
  change(
    service.databaseFile,
    `insert into cascades (id, change, reason, cursor, done, actor, sign_ins_only, subject_id)
     values ('cascade_1', 'end', 'user_disabled', '', 0, 'operator:test', 0, 'user_1')`,
  )
  t.equal(await metricOf(service, 'signet_cascades_open'), 1)
  hold.open()
  await until(async () => (await metricOf(service, 'signet_cascades_open')) === 0)
})

test('the processor, the memory and the event loop are told of', async t => {
  const service = await serve(t)
  const names = ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_heap_size_used_bytes']
  const text = await scrape(service)
  for (const name of names) t.ok((valueIn(text, name) ?? 0) > 0, name)
  const beganAt = valueIn(text, 'process_start_time_seconds') ?? 0
  t.ok(beganAt > Date.now() / 1000 - 86_400 && beganAt <= Date.now() / 1000)
  const block = () => {
    const endsAt = performance.now() + 200
    while (performance.now() < endsAt);
  }
  // The look at the event loop is a timer, which begins again some milliseconds after a scrape.
  await until(async () => {
    block()
    return ((await metricOf(service, 'nodejs_eventloop_lag_max_seconds')) ?? 0) > 0.1
  })
})

test('services of one process tell each of itself alone, and one goes on when the other has stopped', async t => {
  const [one, other] = [await serve(t), await serve(t)]
  await addAlice(one)
  await addAlice(other)
  await signIn(one)
  await signIn(one)
  await signIn(other)
  const given = { grant_type: 'password', outcome: 'success' }
  t.equal(await metricOf(one, 'signet_grants_total', given), 2)
  t.equal(await metricOf(other, 'signet_grants_total', given), 1)
  await one.stop()
  await signIn(other)
  t.equal(await metricOf(other, 'signet_grants_total', given), 2)
})
