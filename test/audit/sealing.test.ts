/** What was audited is sealed beside requests. */
import t from 'tap'
import type { Faults } from '../../src/compose/sources.ts'
import { createHold } from '../support/hold.ts'
import { aroundReads, hearingNothing } from '../support/reads.ts'
import { sealedAudit, sealsIn } from '../support/sealed-audit.ts'
import { byTest } from '../support/serve.ts'
import { change, select } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'

const unsealedIn = (file: string) => select(file, 'select id from audit_events where seal is null')
const heads = (log: string): string[] => [...log.matchAll(/"audit_head":"([^"]+)"/g)].map(([, head]) => head ?? '')

t.test('what happens is sealed by itself, within two looks of half a second, and verify is content', async t => {
  let [looks, looksBefore]: [number, number | undefined] = [0, undefined]
  const read = aroundReads((store, call) => {
    if (store === 'pulse') looks += 1
    return call()
  })
  const sealing: Faults['sealing'] = real => ({
    ...real,
    sealNext() {
      looksBefore ??= looks
      return real.sealNext()
    },
  })
  const { service, verify, file } = await sealedAudit(t, { faults: { read, sealing } })
  const isSealed = async () => unsealedIn(file).length === 0
  await until(isSealed)
  ;[looks, looksBefore] = [0, undefined]
  await service.roles.add({ name: 'author', permissions: ['posts:read'] }, byTest)
  await until(isSealed)
  t.ok(looksBefore !== undefined && looksBefore <= 2, `${looksBefore} looks`)
  t.match(await verify(), { ok: true, problems: [], unsealed_events: 0, sealed_events: 4 })
})

t.test('what happens last before a service stops is sealed, too', async t => {
  const { service, verify, file } = await sealedAudit(t)
  await service.roles.add({ name: 'author', permissions: ['posts:read'] }, byTest)
  await service.stop()
  t.strictSame(unsealedIn(file), [])
  t.match(await verify(), { ok: true, sealed_events: 4 })
})

t.test('as many events as there are go into seals of 200', async t => {
  const { happen, verify, file } = await sealedAudit(t)
  await happen(450)
  const counts = sealsIn(file).map(({ count }) => count)
  t.ok(Math.max(...counts) <= 200)
  t.match(await verify(), { ok: true, sealed_events: 453, unsealed_events: 0 })
})

t.test('the head is in the log once a minute, when it has changed, and when the service stops', async t => {
  const { service, happen, clock, verify } = await sealedAudit(t)
  await happen(1)
  const { head } = await verify()
  await service.seal()
  t.equal(heads(service.log()).at(-1), head)
  const before = heads(service.log()).length
  clock.advance(59_999)
  await service.seal()
  await service.roles.add({ name: 'news', permissions: ['posts:read'] }, byTest)
  await service.seal()
  t.equal(heads(service.log()).length, before, 'no news, and then none yet')
  // The sealer seals by itself, too: from here on whichever of the two comes first tells it.
  clock.advance(1)
  await service.seal()
  t.equal(heads(service.log()).length, before + 1)
  await happen(1)
  const last = (await verify()).head
  await service.stop()
  t.strictSame(heads(service.log()).slice(before + 1), [last])
})

t.test('no request waits for the sealer', async t => {
  const hold = createHold()
  const sealing: Faults['sealing'] = real => ({ ...real, sealNext: () => hold.pass(real.sealNext) })
  const { service, file } = await sealedAudit(t, { faults: { sealing } })
  const add = (name: string) => service.roles.add({ name, permissions: ['posts:read'] }, byTest)
  hold.close()
  // Without news the sealer may have nothing to do any more.
  await add('news')
  await hold.waiting(1)
  await add('author')
  t.ok(unsealedIn(file).length > 0)
  hold.open()
  await until(async () => unsealedIn(file).length === 0)
})

for (const [what, fails] of Object.entries({
  'before it was done': () => Promise.reject(new Error('killed')),
  'when its answer was lost': (work: () => Promise<unknown>) => work().then(() => Promise.reject(new Error('killed'))),
}))
  t.test(`a write of the sealer that fails ${what} leaves a whole audit, and the next one goes on`, async t => {
    let [isBroken, failures] = [false, 0]
    const write: Faults['write'] = real => (work, size) => {
      if (!isBroken) return real(work, size)
      failures += 1
      return fails(() => real(work, size)) as never
    }
    const hold = createHold()
    const sealing: Faults['sealing'] = real => ({ ...real, sealNext: () => hold.pass(real.sealNext) })
    const { service, happen, verify, file } = await sealedAudit(t, { faults: { write, sealing } })
    await happen(3)
    // The sealer seals by itself, too, one at a time: nobody has sealed the event before writes fail.
    hold.close()
    const sealed = service.seal()
    await hold.waiting(1)
    await service.roles.add({ name: 'author', permissions: ['posts:read'] }, byTest)
    isBroken = true
    hold.open()
    await sealed.catch(() => undefined)
    t.ok(failures > 0)
    t.match(await verify(), { ok: true })
    isBroken = false
    await service.seal()
    t.strictSame(unsealedIn(file), [])
    t.match(await verify(), { ok: true, sealed_events: 7 })
  })

t.test('when the audit ends before a seal that was there, nothing more is sealed, and the log says so', async t => {
  const { service, happen, file } = await sealedAudit(t, { faults: { read: hearingNothing } })
  for (const events of [2, 2, 2]) await happen(events)
  const last = sealsIn(file).at(-1)?.['number']
  change(file, 'delete from audit_events where seal >= ?', last - 1)
  change(file, 'delete from audit_seals where number >= ?', last - 1)
  await happen(2)
  t.equal(sealsIn(file).at(-1)?.['number'], last - 2)
  t.match(service.log(), /"level":"error".*the audit ends before a seal that was there/)
})

t.test('a last seal that was exchanged for another one is noticed, too', async t => {
  const { service, happen, file } = await sealedAudit(t, { faults: { read: hearingNothing } })
  await happen(2)
  const last = sealsIn(file).at(-1)?.['number']
  change(file, "update audit_seals set digest = 'x' where number = ?", last)
  await happen(2)
  t.equal(sealsIn(file).at(-1)?.['number'], last)
  t.match(service.log(), /the audit ends before a seal that was there/)
})
