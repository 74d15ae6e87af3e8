/** kill -9 while keys are rotated. */
import { cpSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { isWhole, killedAtEachStep } from '../support/killed.ts'
import { filesNeeded } from '../support/signing-keys.ts'
import { restarted, withAlice } from '../support/status-list.ts'

// Each has processes of its own.
t.jobs = 2

t.test('keys rotate that is killed at any step was done wholly or not at all, and leaves nothing behind', t =>
  killedAtEachStep(t, 'rotate', ['retiring', 'active', 'pending']),
)

t.test('a key file that was being written when the process was killed is removed at the next start', async t => {
  const service = await withAlice(t)
  const folder = join(service.folder, 'keys')
  await service.stop()
  const name = `.${'x'.repeat(43)}.pem.new`
  cpSync(join(folder, filesNeeded(service)[0] ?? ''), join(folder, name))
  truncateSync(join(folder, name), 100)
  writeFileSync(join(folder, `.${'y'.repeat(43)}.jwe.new`), '')
  t.equal(readdirSync(folder).filter(each => each.endsWith('.new')).length, 2)
  await isWhole(t, await restarted(t, service, {}), 0)
})
