/** A scrape while the database is away or hangs, and what parts tell that are silent in an ordinary service. */
import { mock } from 'node:test'
import { type Test, test } from 'tap'
import { createMetrics } from '../../src/metrics/metrics.ts'
import { StorageUnavailable } from '../../src/records/unit-of-work.ts'
import { testClock } from '../support/clock.ts'
import { metricOf, scrape, valueIn } from '../support/metrics.ts'
import { aroundReads } from '../support/reads.ts'
import { addAlice, refresh, serve, signIn } from '../support/serve.ts'

const asked = ['signing_keys', 'cascades', 'credentials', 'status_lists', 'sealer'] as const

test('without the database a scrape tells the rest, leaves out what it can not know, and counts that', async t => {
  const away = new Set<string>()
  const read = aroundReads((_store, call) =>
    away.has('all') ? Promise.reject(new StorageUnavailable('away')) : call(),
  )
  const clock = testClock()
  const service = await serve(t, { clock, faults: { read } })
  await addAlice(service)
  await signIn(service)
  t.equal(await metricOf(service, 'signet_status_list_age_seconds'), 0)
  t.equal(await metricOf(service, 'signet_signing_keys', { state: 'active' }), 1)

  away.add('all')
  clock.advance(60_000)
  const text = await scrape(service)
  for (const name of ['signet_signing_keys', 'signet_signing_key_age_seconds', 'signet_database_read_seconds'])
    t.equal(valueIn(text, name), undefined, `${name} would be of earlier`)
  t.equal(valueIn(text, 'signet_signing_key_next_transition_seconds'), undefined)
  t.equal(valueIn(text, 'signet_credentials_expiring'), undefined)
  t.equal(valueIn(text, 'signet_cascades_open'), undefined)
  t.equal(valueIn(text, 'signet_grants_total', { grant_type: 'password', outcome: 'success' }), 1)
  t.ok((valueIn(text, 'signet_status_list_age_seconds') ?? 0) >= 60, 'the list that is at hand is as old')
  for (const source of ['signing_keys', 'cascades', 'credentials'])
    t.equal(valueIn(text, 'signet_scrape_errors_total', { source }), 1, source)

  away.clear()
  t.equal(await metricOf(service, 'signet_signing_keys', { state: 'active' }), 1)
  t.equal(await metricOf(service, 'signet_status_list_age_seconds'), 0)
  t.equal(await metricOf(service, 'signet_scrape_errors_total', { source: 'signing_keys' }), 1)
})

test('what a refused write was to change is counted as unavailable, and a refresh all the same as a grant', async t => {
  let isAway = false
  const service = await serve(t, {
    faults: {
      write: real => async (work, size) => {
        if (isAway) throw new StorageUnavailable('away')
        return real(work, size)
      },
    },
  })
  await addAlice(service)
  const { body } = await signIn(service)
  isAway = true
  await refresh(service, body.refresh_token)
  isAway = false
  const failed = { grant_type: 'refresh_token', outcome: 'temporarily_unavailable' }
  t.equal(await metricOf(service, 'signet_grants_total', failed), 1)
  const writes = await metricOf(service, 'signet_database_write_failures_total', { outcome: 'unavailable' })
  t.ok(writes !== undefined && writes > 0)
})

const never = new Promise<never>(() => {})

/** The metrics of a service whose database answers nothing, and for what it was asked. */
function hanging() {
  const questions: string[] = []
  const hang = (question: string) => () => {
    questions.push(question)
    return never
  }
  const metrics = createMetrics()
  const { render } = metrics.scrapeOf({
    signingKeys: { list: hang('signing_keys') },
    nextTransitionAtMs: () => Number.POSITIVE_INFINITY,
    cascades: { list: hang('cascades') },
    credentials: { listExpiring: hang('credentials') },
    statusListAge: hang('status_lists'),
    hashingLane: { depth: () => 3, waitingWork: () => 7 },
    auditSeals: { unsealed: hang('sealer') },
    recorder: { folded: () => 0 },
    janitor: { done: () => ({ removed: {}, lastAtMs: undefined }) },
    clock: testClock(),
  })
  return { ...metrics, render, questions }
}

/** Moves the timers on until it is over, and answers after how many milliseconds that was. */
async function within<T>(t: Test, work: () => Promise<T>): Promise<{ readonly value: T; readonly took: number }> {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  let value: T | undefined
  let isOver = false
  const working = work().then(result => {
    value = result
    isOver = true
  })
  let took = 0
  for (; !isOver; took += 50) {
    await new Promise(resolve => setImmediate(resolve))
    mock.timers.tick(50)
  }
  await working
  mock.timers.reset()
  return { value: value as T, took }
}

test('a database that hangs delays a scrape by a second, is asked for one thing at a time, and not again while it hangs', async t => {
  const { render, questions } = hanging()
  const { value: text, took } = await within(t, render)
  t.ok(took >= 900 && took <= 1200, `${took} ms`)
  t.equal(valueIn(text, 'signet_hashing_waiting'), 3)
  t.equal(valueIn(text, 'signet_hashing_waiting_work'), 7)
  for (const source of asked) t.equal(valueIn(text, 'signet_scrape_errors_total', { source }), 1, source)
  t.same(questions, ['signing_keys'])

  const again = await within(t, render)
  t.same(questions, ['signing_keys', 'cascades'], 'the one that hangs is left alone')
  t.equal(valueIn(again.value, 'signet_scrape_errors_total', { source: 'signing_keys' }), 2)
})

test('those who look at once share one look', async t => {
  const { render, questions } = hanging()
  const { value: texts } = await within(t, () => Promise.all([render(), render(), render()]))
  t.same(questions, ['signing_keys'])
  t.equal(new Set(texts).size, 1)
})

test('what parts tell is there: a limit that was reached, the store of the counters, folded events, the sealer', async t => {
  const { scrapeOf, ...metrics } = createMetrics()
  const none = async () => []
  const clock = testClock()
  const { render } = scrapeOf({
    signingKeys: { list: none },
    nextTransitionAtMs: () => Number.POSITIVE_INFINITY,
    cascades: { list: none },
    credentials: { listExpiring: none },
    statusListAge: async () => undefined,
    auditSeals: { unsealed: async () => [{ occurredAtMs: clock.now() - 2500 }] },
    recorder: { folded: () => 41 },
    hashingLane: { depth: () => 0, waitingWork: () => 0 },
    janitor: { done: () => ({ removed: {}, lastAtMs: undefined }) },
    clock,
  })
  t.equal(valueIn(await render(), 'signet_throttling_store_away'), 0)
  metrics.throttled('network')
  metrics.throttled('network')
  metrics.throttled('account')
  metrics.throttlingStoreAway(true)
  const text = await render()
  t.equal(valueIn(text, 'signet_throttled_total', { limit: 'network' }), 2)
  t.equal(valueIn(text, 'signet_throttled_total', { limit: 'account' }), 1)
  t.equal(valueIn(text, 'signet_throttling_store_away'), 1)
  t.equal(valueIn(text, 'signet_audit_folded_total'), 41)
  t.equal(valueIn(text, 'signet_audit_sealer_lag_seconds'), 2.5)
  t.equal(valueIn(text, 'signet_janitor_last_run_timestamp_seconds'), undefined)
  metrics.throttlingStoreAway(false)
  t.equal(valueIn(await render(), 'signet_throttling_store_away'), 0)
})
