/** An instance on PostgreSQL whose key directory is not that of the others: nobody is told to end every session. */
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { signet } from '../support/command-line.ts'
import { postgresOf } from '../support/postgres.ts'
import { environmentOf, serve, temporaryFolder } from '../support/serve.ts'
import { kidsIn } from '../support/signing-keys.ts'
import { unwrapped } from '../support/unwrapped.ts'

/** The first instance has served; the second one is another machine, with an empty folder of its own. */
async function twoMachines(t: Test) {
  const [folder, elsewhere] = [temporaryFolder(t), temporaryFolder(t)]
  const SIGNET_DATABASE_URL = await postgresOf(folder)
  const one = await serve(t, { folder, environment: { SIGNET_DATABASE_URL } })
  const environment = { ...(await environmentOf(elsewhere)), SIGNET_DATABASE_URL }
  mkdirSync(join(elsewhere, 'keys'), { mode: 0o700 })
  const start = () => serve(t, { folder: elsewhere, environment }).catch((error: Error) => error)
  return { one, start, environment, keys: join(folder, 'keys'), itsKeys: join(elsewhere, 'keys') }
}

const says =
  /^The key directory .*keys has no key of this database, .*Share SIGNET_KEYS_DIR with it, or set SIGNET_KEYS_STORE=database/

t.test('an instance with a folder of its own is told to share it, and changes nothing', async t => {
  const { one, start, environment, keys, itsKeys } = await twoMachines(t)
  const before = kidsIn(one, 'active', 'pending')
  const error = await start()
  t.match(error, { name: 'KeyError', message: says })
  t.notMatch(String(error), /accept-restore/)
  const { code, stdout } = await signet(environment, ['doctor'])
  t.equal(code, 1)
  t.match(unwrapped(stdout), /^PROBLEM {2}restore: The key directory .* Share SIGNET_KEYS_DIR/)
  t.match(unwrapped(stdout), /^note {5}active key: Solve the problem of "restore" first/m)
  t.notMatch(stdout, /accept-restore/)
  t.strictSame(kidsIn(one, 'active', 'pending'), before)
  t.strictSame(readdirSync(itsKeys, { recursive: true }), ['audit'], 'no file was written there')

  cpSync(keys, itsKeys, { recursive: true })
  const again = await start()
  t.ok('tick' in again, 'with the folder of the other it serves')
})

t.test('a folder that lost its keys and has the epoch is told where they may be', async t => {
  const { one, start, keys, itsKeys } = await twoMachines(t)
  cpSync(keys, itsKeys, { recursive: true })
  const [active] = kidsIn(one, 'active')
  rmSync(join(itsKeys, `${active}.pem`))
  const error = await start()
  t.match(error, { name: 'KeyError', message: /is missing\. If another instance has it, share SIGNET_KEYS_DIR/ })
  t.notMatch(String(error), /accept-restore/)
})

t.test('a restore is still known by a folder that has keys of this database and another epoch, or none', async t => {
  const { start, keys, itsKeys } = await twoMachines(t)
  cpSync(keys, itsKeys, { recursive: true })
  const [epoch = ''] = readdirSync(itsKeys).filter(name => name.endsWith('.epoch'))
  rmSync(join(itsKeys, epoch))
  t.match(await start(), { name: 'KeyError', message: /has no epoch of this database: .*--accept-restore/s })
})
