/** kill -9 at every step of what changes the keys. */
import t from 'tap'
import { temporaryFolder } from '../support/serve.ts'
import { keyAuditOf } from '../support/signing-keys.ts'
import { withAlice } from '../support/status-list.ts'
import { isKilled, isWhole, killedAtEachStep, statesIn } from './keys/killed.ts'

// Each has processes of its own.
t.jobs = 2

t.test('the first start, killed at any step, leaves nothing that the next one cannot finish', async t => {
  let step = 1
  for (; ; step += 1) {
    const folder = temporaryFolder(t)
    if (!(await isKilled(t, folder, 'first keys', step))) break
    const service = await withAlice(t, { folder })
    await isWhole(t, service, step)
    t.strictSame(statesIn(service), ['active', 'pending'], `step ${step}`)
    t.equal(keyAuditOf(service).length, 2, `step ${step}: audit`)
    await service.stop()
  }
  t.ok(step > 8, `killed at ${step - 1} steps`)
})

const acts: Readonly<Record<string, readonly string[]>> = {
  rotate: ['retiring', 'active', 'pending'],
  revoke: ['revoked', 'active', 'pending'],
  'revoke --all': ['revoked', 'revoked', 'active', 'pending'],
}
for (const [act, after] of Object.entries(acts))
  t.test(`keys ${act} that is killed at any step was done wholly or not at all, and leaves nothing behind`, t =>
    killedAtEachStep(t, act, after),
  )
