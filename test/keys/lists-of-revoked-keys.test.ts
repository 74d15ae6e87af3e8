/** Status lists and a key that was stolen: what it signs is worth nothing, also where it had begun. */
import t from 'tap'
import type { Faults } from '../../src/compose/sources.ts'
import { createHold } from '../support/hold.ts'
import { scene } from '../support/scene.ts'
import { type Answer, byTest, headerOf, request } from '../support/serve.ts'
import { keyIn, publishedBy } from '../support/signing-keys.ts'
import { fetchList, statusIn } from '../support/status-list.ts'

// Each has a service of its own.
t.jobs = 2

for (const which of ['active', 'all'] as const) {
  t.test(
    `no status list is signed by a revoked key (${which}) once it left the JWKS, nor one that was begun before`,
    async t => {
      const hold = createHold()
      const signer: Faults['signer'] = real => ({ kid: real.kid, sign: input => hold.pass(() => real.sign(input)) })
      let beforeCommit = async () => {}
      const write: Faults['write'] = real => (work, size) =>
        real(async stores => {
          const done = await work(stores)
          await beforeCommit()
          return done
        }, size)
      const { service, device } = await scene(t, { faults: { signer, write } })
      const lifecycle = await service.container.keyLifecycle()
      const active = keyIn(service, 'active')
      const { uri } = statusIn((await device()).access)
      let [begunBefore, askedAt]: [Promise<Answer> | undefined, number] = [undefined, 0]
      // The new keys are made by then, which takes longer than a request waits for a list.
      beforeCommit = async () => {
        beforeCommit = async () => {}
        hold.close()
        ;[begunBefore, askedAt] = [request(uri), performance.now()]
        await hold.waiting(1)
      }
      await (which === 'all' ? lifecycle.revokeAll('leaked', byTest) : lifecycle.revoke(active.kid, 'leaked', byTest))
      await service.tick()
      t.notOk((await publishedBy(service)).includes(active.kid))
      hold.open()
      const signing = keyIn(service, 'active').kid
      const { status, text = '' }: Partial<Answer> = (await begunBefore) ?? {}
      // Whoever has waited for a second is given none at all.
      if (status === 503) t.ok(performance.now() - askedAt > 990)
      else t.equal(headerOf(text).kid, signing)
      t.equal(headerOf((await fetchList(uri)).text).kid, signing)
    },
  )
}
