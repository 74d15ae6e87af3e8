/** The epoch of a database beside the keys: read as it was written last, and on the disk when it is said to be. */
import { readdirSync, statSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { basename, join } from 'node:path'
import t from 'tap'
import { openEpochFile } from '../../src/keys/epoch-file.ts'
import { openKeyFiles } from '../../src/keys/key-files.ts'
import { temporaryFolder } from '../support/serve.ts'

t.test('an epoch is read as it was written last, by every process, and each database has its own', async t => {
  const folder = join(temporaryFolder(t), 'keys')
  const [file, other] = [await openEpochFile(folder), await openEpochFile(folder)]
  t.equal(await file.read('database_1'), undefined)
  await file.write('database_1', 'first')
  await file.write('database_2', 'of another')
  await other.write('database_1', 'second')
  t.equal(await file.read('database_1'), 'second')
  t.equal(await other.read('database_2'), 'of another')
  const keys = await openKeyFiles(folder)
  t.strictSame([await keys.list(), await keys.listPrepared()], [[], []], 'it is no key')
})

t.test('the folder and the file are for their owner only, whatever the umask', async t => {
  const umask = process.umask(0)
  t.teardown(() => void process.umask(umask))
  const folder = join(temporaryFolder(t), 'keys')
  await (await openEpochFile(folder)).write('database_1', 'first')
  const modeOf = (path: string) => statSync(path).mode & 0o777
  t.strictSame([modeOf(folder), modeOf(join(folder, 'database_1.epoch'))], [0o700, 0o600])
})

t.test(
  'an epoch is written and synced before it takes its name, and its name is on the disk when it is done',
  async t => {
    const folder = temporaryFolder(t)
    const steps: string[] = []
    const open: typeof fs.open = async (...values) => {
      const handle = await fs.open(...values)
      const sync = handle.sync.bind(handle)
      handle.sync = () => sync().then(() => void steps.push('sync folder'))
      return handle
    }
    const writeFile: typeof fs.writeFile = async (path, text, options) => {
      await fs.writeFile(path, text, options)
      steps.push(`write ${basename(String(path))} ${JSON.stringify(options)}`)
    }
    const rename: typeof fs.rename = async (from, to) => {
      await fs.rename(from, to)
      steps.push(`name ${basename(String(to))}`)
    }
    const watched = await t.mockImport<typeof import('../../src/keys/epoch-file.ts')>('../../src/keys/epoch-file.ts', {
      'node:fs/promises': { ...fs, open, writeFile, rename },
    })
    await (await watched.openEpochFile(folder)).write('database_1', 'first')
    t.strictSame(steps, [
      'write database_1.epoch.new {"mode":384,"flush":true}',
      'name database_1.epoch',
      'sync folder',
    ])
  },
)

t.test('the id of a database is never a path', async t => {
  const folder = temporaryFolder(t)
  const file = await openEpochFile(join(folder, 'keys'))
  const refusal = { name: 'KeyError', message: /the database is damaged/ }
  for (const id of ['../outside', join(folder, 'outside'), '.', '..', '', 'a/b', 'a\0b', 'a.epoch']) {
    await t.rejects(file.read(id), refusal, JSON.stringify(id))
    await t.rejects(file.write(id, 'epoch'), refusal, JSON.stringify(id))
  }
  t.strictSame(readdirSync(folder), ['keys'])
  t.strictSame(readdirSync(join(folder, 'keys')), [])
})
