import { cpSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { filesNeeded, keyFilesIn } from '../support/signing-keys.ts'
import { restarted, withAlice } from '../support/status-list.ts'

t.test('a key file that was being written when the process was killed is removed at the next start', async t => {
  const service = await withAlice(t)
  const folder = join(service.folder, 'keys')
  await service.stop()
  const name = `.${'x'.repeat(43)}.pem.new`
  cpSync(join(folder, filesNeeded(service)[0] ?? ''), join(folder, name))
  truncateSync(join(folder, name), 100)
  writeFileSync(join(folder, `.${'y'.repeat(43)}.jwe.new`), '')
  t.equal(readdirSync(folder).filter(each => each.endsWith('.new')).length, 2)
  const again = await restarted(t, service)
  t.strictSame(keyFilesIn(again), filesNeeded(again))
})
