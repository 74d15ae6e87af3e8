/** kill -9 while the first keys are made. */
import t from 'tap'
import { isKilled, isWhole, statesIn } from '../support/killed.ts'
import { temporaryFolder } from '../support/serve.ts'
import { keyAuditOf } from '../support/signing-keys.ts'
import { withAlice } from '../support/status-list.ts'

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
