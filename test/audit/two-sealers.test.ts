/** Several processes seal one audit, and one of them may be killed: there is one chain all the same. */
import t from 'tap'
import { testClock } from '../support/clock.ts'
import { commandLine } from '../support/command-line.ts'
import { spawnService } from '../support/process.ts'
import { sealedAudit, sealsIn } from '../support/sealed-audit.ts'
import { byTest, serve, temporaryFolder } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'

const unsealed = (file: string) => select(file, 'select id from audit_events where seal is null').length

t.test('two services that seal at the same moments make one chain, in which each event is once', async t => {
  const clock = testClock()
  const { service: one, verify, file } = await sealedAudit(t, { clock })
  const other = await serve(t, { folder: one.folder, clock, seals: true })
  for (let round = 0; round < 15; round += 1) {
    const added = [one, other].map((service, index) =>
      service.roles.add({ name: `role-${round}-${index}`, permissions: ['posts:read'] }, byTest),
    )
    await Promise.all([one.seal(), other.seal(), ...added, one.seal(), other.seal()])
  }
  await Promise.all([one.seal(), other.seal()])
  t.equal(unsealed(file), 0)
  t.match(await verify(), { ok: true, problems: [], sealed_events: 33 })
  const numbers = sealsIn(file).map(({ number }) => number)
  t.strictSame(
    numbers,
    numbers.map((_, index) => index + 1),
  )
})

t.test('the key is replaced while two services seal: no seal is by the wrong key', async t => {
  const clock = testClock()
  const { service: one, verify, publicKey, json, file } = await sealedAudit(t, { clock })
  const first = await publicKey()
  const other = await serve(t, { folder: one.folder, clock, seals: true })
  let isDone = false
  const sealing = [one, other].map(async (service, index) => {
    for (let number = 0; !isDone; number += 1) {
      await service.roles.add({ name: `role-${index}-${number}`, permissions: ['posts:read'] }, byTest)
      await service.seal()
    }
  })
  const replacing = async () => {
    for (let times = 0; times < 4; times += 1) await json(['keys', 'revoke', '--all', '--reason', 'test'])
  }
  await replacing().finally(() => {
    isDone = true
  })
  await Promise.all(sealing)
  await Promise.all([one.seal(), other.seal()])
  t.equal(select(file, 'select kid from audit_keys').length, 5)
  t.match(await verify('--public-key', first), { ok: true, problems: [] })
})

t.test('of two processes one is killed while they seal: the other one goes on, and so does the next start', async t => {
  const folder = temporaryFolder(t)
  const services = [await spawnService(t, folder), await spawnService(t, folder)]
  const [killed, other] = services
  if (killed === undefined || other === undefined) throw new Error('They did not start.')
  const { json, run } = await commandLine(t, other.environment)
  const add = (name: string) => json(['roles', 'add', name, '--permission', 'posts:read'])
  for (let number = 0; number < 5; number += 1) await add(`before-${number}`)
  const adding = (async () => {
    for (let number = 0; number < 20; number += 1) await add(`during-${number}`)
  })()
  await killed.stop('SIGKILL')
  await adding
  const isSealed = async () => JSON.parse((await run(['audit', 'verify', '--json'])).stdout).unsealed_events === 0
  await until(isSealed)
  await killed.start()
  await add('after')
  await until(isSealed)
  t.match(await json(['audit', 'verify']), { ok: true, problems: [] })
})
