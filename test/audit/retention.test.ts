/** What is older than the retention goes, seal by seal, and what is left is still proved. */
import t, { type Test } from 'tap'
import type { Faults } from '../../src/compose/sources.ts'
import { hearingNothing } from '../support/reads.ts'
import { sealedAudit, sealsIn } from '../support/sealed-audit.ts'
import { change, select } from '../support/sqlite.ts'
import { unwrapped } from '../support/unwrapped.ts'

const DAY_MS = 86_400_000
const environment = { SIGNET_AUDIT_RETENTION: '30d' }

const eventsIn = (file: string, type = 'role.add') => select(file, 'select seal from audit_events where type = ?', type)

/** Three old seals, and after the retention three of today. */
async function withOldSeals(t: Test) {
  const audit = await sealedAudit(t, { environment, faults: { read: hearingNothing } })
  const { service, happen, clock } = audit
  for (const events of [3, 2, 4]) await happen(events)
  const lastOld = sealsIn(audit.file).at(-1)
  clock.advance(29 * DAY_MS)
  for (const events of [1, 2]) await happen(events)
  const sweep = async () => (await (await service.container.janitor()).sweep()).auditEvents
  return { ...audit, sweep, lastOld }
}

t.test('whole seals are removed when they are old enough, and not before; the last one stays to prove it', async t => {
  const { service, clock, sweep, verify, happen, file, lastOld } = await withOldSeals(t)
  t.equal(await sweep(), 0)
  t.equal(eventsIn(file).length, 12)
  const { head, seals } = await verify()
  clock.advance(DAY_MS - 60_000)
  t.ok((await sweep()) >= 9)
  t.equal(eventsIn(file).length, 3)
  t.equal(sealsIn(file)[0]?.['number'], lastOld?.['number'])
  const [removal] = select(file, "select target, outcome, actor from audit_events where type = 'audit.remove'")
  t.match(removal, { target: `${lastOld?.['number']}:${lastOld?.['digest']}`, outcome: 'success', actor: 'signet' })
  await service.seal()
  t.match(await verify('--head', head ?? ''), { ok: true, problems: [], first_seal: lastOld?.['number'] })
  t.equal(await sweep(), 0, 'nothing more')
  t.equal(eventsIn(file, 'audit.remove').length, 1)
  await happen(1)
  t.ok((await verify()).seals < seals)
  t.match(service.log(), /"audit_events":\d+,"msg":"swept"/)
})

t.test('what is removed later follows, and a service that was idle keeps the last seal', async t => {
  const { clock, sweep, verify, service, file } = await withOldSeals(t)
  clock.advance(DAY_MS)
  await sweep()
  await service.seal()
  clock.advance(31 * DAY_MS)
  t.ok((await sweep()) > 0)
  t.strictSame(eventsIn(file), [])
  await service.seal()
  t.match(await verify(), { ok: true })
  clock.advance(31 * DAY_MS)
  await sweep()
  await service.seal()
  t.match(await verify(), { ok: true })
})

t.test('events without a seal stay, however old they are', async t => {
  const { clock, sweep, file } = await withOldSeals(t)
  change(file, 'delete from audit_seals')
  change(file, 'update audit_events set seal = null')
  clock.advance(400 * DAY_MS)
  t.equal(await sweep(), 0)
  t.equal(eventsIn(file).length, 12)
})

t.test(
  'a younger gap is refused, and so is one in the middle; with the retention of before, what it removed is right',
  async t => {
    const { clock, verify, run, sweep, service, file, lastOld } = await withOldSeals(t)
    const last = lastOld?.['number']
    change(file, 'delete from audit_events where seal <= ?', last)
    change(file, 'delete from audit_seals where number < ?', last)
    t.match(await verify(), {
      ok: false,
      problems: [{ seal: last, message: /SIGNET_AUDIT_RETENTION \(30d\) keeps them/ }],
    })
    clock.advance(DAY_MS)
    t.match(await verify(), { ok: true }, 'a day later it is what the retention does')
    await sweep()
    await service.seal()
    change(file, 'delete from audit_events where seal = ?', last + 2)
    t.match(await verify(), { ok: false, problems: [{ seal: last + 2 }] })
    for (const longer of ['40d', 'off']) {
      service.environment['SIGNET_AUDIT_RETENTION'] = longer
      const { code, stdout } = await run(['audit', 'verify'])
      t.equal(code, 1)
      t.match(unwrapped(stdout), /If the retention was shorter until lately, set what it was before/)
    }
  },
)

t.test('a seal of the future, made while the clock was wrong, does not keep what is old', async t => {
  const { service, clock, happen, verify, file } = await sealedAudit(t, { environment })
  clock.advance(3650 * DAY_MS)
  await happen(2)
  clock.advance(-3650 * DAY_MS)
  await happen(2)
  clock.advance(31 * DAY_MS)
  await (await service.container.janitor()).sweep()
  t.strictSame(eventsIn(file), [])
  await service.seal()
  t.match(await verify(), { ok: true })
})

t.test(
  'a removal is done in writes of at most 200 events, and what is cut short goes on in the next round',
  async t => {
    let broken = Number.POSITIVE_INFINITY
    const write: Faults['write'] = real => (work, size) => {
      broken -= 1
      return broken < 0 ? Promise.reject(new Error('killed')) : real(work, size)
    }
    const { service, happen, clock, verify, file } = await sealedAudit(t, { environment, faults: { write } })
    for (const events of [150, 100, 199, 1, 30]) await happen(events)
    clock.advance(31 * DAY_MS)
    const janitor = await service.container.janitor()
    broken = 8
    await t.rejects(janitor.sweep(), /killed/)
    broken = Number.POSITIVE_INFINITY
    const left = eventsIn(file).length
    t.ok(left > 0 && left < 480, `${left} are left`)
    t.match(await verify(), { ok: true })
    await janitor.sweep()
    t.strictSame(eventsIn(file), [])
    await service.seal()
    t.match(await verify(), { ok: true })
  },
)
