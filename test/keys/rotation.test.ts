/** When a key begins to sign, stops and leaves: by itself, and when an operator asks. */
import { renameSync } from 'node:fs'
import t, { type Test } from 'tap'
import { firstDay } from '../support/first-day.ts'
import { byTest, type Service } from '../support/serve.ts'
import {
  DAY,
  filesNeeded,
  HOUR,
  type KeyRow,
  keyAuditOf,
  keyFilesIn,
  keyIn,
  keyNamed,
  keysOf,
  MINUTE,
  publishedBy,
  RETIRING,
  SECOND,
  signingKidOf,
} from '../support/signing-keys.ts'
import { restarted } from '../support/status-list.ts'

// Each has a service of its own.
t.jobs = 2

const INTERVAL = 90 * DAY
const LEAD = DAY

const stateOf = (service: Service, { kid }: KeyRow) => keyNamed(service, kid).state

/** The steps of one rotation, in the audit. */
const switched = (cause: string, from: KeyRow, to: KeyRow, standby: KeyRow): string[] => [
  `signing_key.stop_signing ${cause} ${from.kid}`,
  `signing_key.activate ${cause} ${to.kid}`,
  `signing_key.add pending ${standby.kid}`,
]

t.test('the standby takes over when the interval has passed, not a second before, and a new one stands by', async t => {
  const { clock, service, first, second, pass, freshAudit } = await firstDay(t)
  await pass(INTERVAL - SECOND)
  t.equal(await signingKidOf(service), first.kid)
  t.strictSame(freshAudit(), [])

  await pass(SECOND)
  const now = clock.now()
  const third = keyIn(service, 'pending')
  t.equal(await signingKidOf(service), second.kid)
  const retiring = { state: 'retiring', since_ms: now, cause: 'rotation_interval', retires_at_ms: now + RETIRING }
  t.match(keyNamed(service, first.kid), retiring)
  t.match(keyNamed(service, second.kid), { state: 'active', since_ms: now, cause: 'rotation_interval' })
  t.match(third, { since_ms: now, created_at_ms: now, activates_at_ms: now + LEAD })
  t.strictSame(freshAudit(), switched('rotation_interval', first, second, third))
  t.strictSame(await publishedBy(service), [first, second, third].map(({ kid }) => kid).sort())
  t.strictSame(keyFilesIn(service), filesNeeded(service), 'the private half of what signs no more is gone')
})

t.test('the events of a rotation are by the service itself, at the time of the rotation', async t => {
  const { clock, service, pass } = await firstDay(t)
  await pass(INTERVAL)
  const itself = { actor: 'signet', address: null, user_agent: null, request_id: null, outcome: 'success' }
  for (const row of keyAuditOf(service).slice(-3)) t.match(row, { ...itself, occurred_at_ms: clock.now() })
})

t.test(
  'a key lives pending, active, retiring, retired, a step at a time, each with its time, cause and event',
  async t => {
    const { clock, service, second: key, startMs, pass, freshAudit } = await firstDay(t)
    const life: unknown[] = []
    const look = () => {
      const { state, since_ms, cause, retires_at_ms } = keyNamed(service, key.kid)
      const events = freshAudit().filter(event => event.endsWith(key.kid))
      life.push([state, since_ms - startMs, cause, retires_at_ms && retires_at_ms - startMs, ...events])
    }
    look()
    for (const milliseconds of [INTERVAL, INTERVAL, RETIRING]) {
      await pass(milliseconds)
      look()
      await pass(SECOND)
      t.strictSame(
        freshAudit().filter(event => event.endsWith(key.kid)),
        [],
        'each step is done once',
      )
      clock.advance(-SECOND)
    }
    const gone = 2 * INTERVAL + RETIRING
    t.strictSame(life, [
      ['pending', 0, 'first_key', null],
      ['active', INTERVAL, 'rotation_interval', null, `signing_key.activate rotation_interval ${key.kid}`],
      ['retiring', 2 * INTERVAL, 'rotation_interval', gone, `signing_key.stop_signing rotation_interval ${key.kid}`],
      ['retired', gone, 'tokens_expired', null, `signing_key.retire tokens_expired ${key.kid}`],
    ])
  },
)

t.test(
  'a standby that verifiers have not seen for 20 minutes does not sign, though the interval has passed',
  async t => {
    const { clock, service, first, second, lifecycle, pass } = await firstDay(t)
    await pass(INTERVAL - 5 * MINUTE)
    await lifecycle.revoke(second.kid, 'lost', byTest)
    const standby = keyIn(service, 'pending')
    t.equal(standby.activates_at_ms, clock.now() + 20 * MINUTE)
    await pass(20 * MINUTE - SECOND)
    t.equal(stateOf(service, first), 'active')
    await pass(SECOND)
    t.match([stateOf(service, first), stateOf(service, standby)], ['retiring', 'active'])
  },
)

t.test('with the interval `off` a key signs for years, until somebody asks', async t => {
  const environment = { SIGNET_KEY_ROTATION_INTERVAL: 'off' }
  const { service, first, second, lifecycle, pass, freshAudit } = await firstDay(t, { environment })
  await pass(1000 * DAY)
  t.strictSame(freshAudit(), [])
  t.equal(stateOf(service, first), 'active')
  await lifecycle.rotate(byTest)
  t.equal(stateOf(service, second), 'active')
})

t.test('a rotation that is asked before the lead has passed is planned, and done when it has', async t => {
  const { clock, service, first, second, startMs, lifecycle, pass, freshAudit } = await firstDay(t)
  await pass(HOUR)
  t.strictSame(await lifecycle.rotate(byTest), { kid: second.kid, activatesAtMs: startMs + LEAD })
  t.strictSame(freshAudit(), [`signing_key.ask_rotation null ${second.kid}`])
  t.equal(keyNamed(service, second.kid).rotation_asked_at_ms, clock.now())
  await pass(LEAD - HOUR - SECOND)
  t.equal(await signingKidOf(service), first.kid)
  t.strictSame(freshAudit(), [])

  await pass(SECOND)
  t.equal(await signingKidOf(service), second.kid)
  t.strictSame(freshAudit(), switched('rotation_asked', first, second, keyIn(service, 'pending')))
  await pass(LEAD)
  t.equal(stateOf(service, second), 'active', 'asked once, done once')
})

t.test('a rotation that is asked when the standby is ready is done at once, by whoever asked', async t => {
  const { clock, service, first, second, lifecycle, pass, freshAudit } = await firstDay(t)
  await pass(LEAD)
  t.strictSame(await lifecycle.rotate(byTest), { kid: second.kid, activatesAtMs: clock.now() })
  t.match([stateOf(service, first), stateOf(service, second)], ['retiring', 'active'])
  t.strictSame(freshAudit(), switched('rotation_asked', first, second, keyIn(service, 'pending')))
  for (const row of keyAuditOf(service).slice(-3)) t.equal(row.actor, byTest.actor)
  await service.tick()
  t.equal(await signingKidOf(service), second.kid)
})

t.test('the interval begins anew with a rotation that was asked', async t => {
  const { service, second, lifecycle, pass } = await firstDay(t)
  await pass(30 * DAY)
  await lifecycle.rotate(byTest)
  await pass(INTERVAL - SECOND)
  t.equal(stateOf(service, second), 'active')
  await pass(SECOND)
  t.equal(stateOf(service, second), 'retiring')
})

t.test(
  'a standby whose file is of no use does not take over: the key that signs goes on until it is mended',
  async t => {
    const { service, first, second, lifecycle, clock } = await firstDay(t)
    const file = `${service.folder}/keys/${second.kid}.pem`
    renameSync(file, `${service.folder}/elsewhere`)
    clock.advance(INTERVAL)
    const message = /is missing/
    await t.rejects(service.tick(), { name: 'KeyError', message })
    await t.rejects(lifecycle.rotate(byTest), { name: 'KeyError', message })
    t.equal(await signingKidOf(service), first.kid)
    t.strictSame(keyFilesIn(service), [`${first.kid}.pem`], 'nothing that is needed was removed, nothing was made')

    renameSync(`${service.folder}/elsewhere`, file)
    await service.tick()
    t.equal(await signingKidOf(service), second.kid)
  },
)

t.test('however long it was down, a service does one step after the other, each when its time has come', async t => {
  const { clock, service, second, third, rest } = await downFor(t, 400 * DAY)
  t.match([second, third, rest], [{ state: 'retiring' }, { state: 'active' }, [{ state: 'pending' }]])
  const now = clock.now()
  t.match(
    [second, third, ...rest],
    [
      { since_ms: now, retires_at_ms: now + RETIRING },
      { since_ms: now, cause: 'rotation_interval' },
      { since_ms: now, activates_at_ms: now + LEAD },
    ],
  )
  await service.tick()
  t.equal(keysOf(service).length, 4, 'nothing more is due')
  clock.advance(INTERVAL)
  await service.tick()
  t.equal(keysOf(service).length, 5)
})

/** Stopped right after its first rotation, started again later. */
async function downFor(t: Test, milliseconds: number) {
  const { clock, service: before, first, pass } = await firstDay(t)
  await pass(INTERVAL)
  await before.stop()
  const heard = keyAuditOf(before).length
  clock.advance(milliseconds)
  const service = await restarted(t, before, { clock })
  await service.tick()
  const steps = keyAuditOf(service).slice(heard)
  const [, second, third, ...rest] = keysOf(service) as [KeyRow, KeyRow, KeyRow, ...KeyRow[]]
  const standby = keyIn(service, 'pending')
  t.strictSame(
    steps.map(({ type, reason, target }) => `${type} ${reason} ${target}`),
    [`signing_key.retire tokens_expired ${first.kid}`, ...switched('rotation_interval', second, third, standby)],
    'in order: what was due first is done first',
  )
  return { clock, service, second, third, rest }
}
