/** The runbooks for keys of docs/runbooks.md, followed command by command: what they promise is so. */
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { refusal, worksAt } from '../support/restore.ts'
import { blocksOf, isFollowed, running, terminalIn } from '../support/runbooks.ts'
import { refresh, type Service, serve, temporaryFolder } from '../support/serve.ts'
import {
  filesNeeded,
  jwksOf,
  keyFilesIn,
  keyIn,
  publishedBy,
  signingKidOf,
  verifyingKid,
} from '../support/signing-keys.ts'
import { change } from '../support/sqlite.ts'
import { type Device, restarted } from '../support/status-list.ts'

// Each has a service of its own.
t.jobs = 2

/** As if the standby had been published for as long as it must be. */
const leadPasses = ({ databaseFile }: Service) =>
  change(databaseFile, "update signing_keys set activates_at_ms = ? where state = 'pending'", Date.now())

const verifies = async (service: Service, { access }: Device): Promise<boolean> =>
  (await verifyingKid(access, await jwksOf(service))) !== undefined

const sessionGoesOn = async (service: Service, { refreshToken }: Device): Promise<boolean> =>
  (await refresh(service, refreshToken)).status === 200

/** The service after a restart with the encryption key of this file. */
async function restartedWith(t: Test, service: Service, keyFile: string): Promise<Service> {
  return restarted(t, service, { environment: { SIGNET_KEY_ENCRYPTION_KEY_FILE: keyFile } })
}

isFollowed(t, 'Signing keys', [
  // In test/runbooks.test.ts.
  'daily-check',
  'planned-rotation',
  // There, too.
  'one-key-stolen',
  'key-store-read',
  'encrypt-key-files',
  // In runbooks-of-encryption.soak.ts.
  'key-encryption-key-seen',
  'keys-in-the-database',
  'encryption-key-lost',
])

t.test(
  'Planned rotation: too early, it is planned; when the lead has passed, it happens, and nothing breaks',
  async t => {
    const { service, before } = await running(t)
    const [active, standby] = [keyIn(service, 'active').kid, keyIn(service, 'pending').kid]
    const [rotate = '', ...more] = blocksOf('planned-rotation')
    t.strictSame(more, [])
    t.match(await (await terminalIn(t, service.folder))(rotate), `${standby} signs from `)
    await service.tick()
    t.equal(await signingKidOf(service), active)
    leadPasses(service)
    await service.tick()
    t.equal(await signingKidOf(service), standby)
    t.ok((await verifies(service, before)) && (await sessionGoesOn(service, before)))
  },
)

t.test('Planned rotation: of a standby that was published for long enough, at once', async t => {
  const { service, before } = await running(t)
  const standby = keyIn(service, 'pending').kid
  leadPasses(service)
  t.match(await (await terminalIn(t, service.folder))(blocksOf('planned-rotation').join('')), `${standby} signs now`)
  await service.tick()
  t.equal(await signingKidOf(service), standby)
  t.ok((await verifies(service, before)) && (await sessionGoesOn(service, before)))
})

t.test('The whole key store was read: no key of before is left, and sessions go on', async t => {
  const { service, before } = await running(t)
  const old = await publishedBy(service)
  const [revoke = '', look = '', ...more] = blocksOf('key-store-read')
  t.strictSame(more, [])
  const terminal = await terminalIn(t, service.folder)
  await terminal(revoke)
  await service.tick()
  await terminal(look)
  t.strictSame(
    (await publishedBy(service)).filter(kid => old.includes(kid)),
    [],
  )
  t.equal(await signingKidOf(service), keyIn(service, 'active').kid)
  t.strictSame(await worksAt(service, before), ['introspection of the refresh token', 'refresh'])
  t.strictSame(keyFilesIn(service), filesNeeded(service))

  await service.stop()
  for (const name of keyFilesIn(service)) rmSync(join(service.folder, 'keys', name))
  t.match(await refusal(t, service), /\.pem is missing/)
  await terminal(revoke)
  const again = await restarted(t, service, {})
  t.equal(await signingKidOf(again), keyIn(again, 'active').kid)
})

t.test('Encrypt the private keys: all of them are, without an interruption', async t => {
  const { service, before } = await running(t)
  const KEY_FILE = join(temporaryFolder(t), 'key')
  const [makeKey = '', rewrap = '', look = '', ...more] = blocksOf('encrypt-key-files')
  t.strictSame(more, [])
  await (await terminalIn(t, service.folder, { KEY_FILE }))(makeKey)
  t.equal(statSync(KEY_FILE).mode & 0o777, 0o600)
  const again = await restartedWith(t, service, KEY_FILE)
  const terminal = await terminalIn(t, service.folder, { SIGNET_KEY_ENCRYPTION_KEY_FILE: KEY_FILE })
  await t.rejects(terminal(look), { message: /ended with 1: [\s\S]*3 private keys are not encrypted/ })
  await terminal(rewrap)
  await again.tick()
  await terminal(look)
  t.strictSame(
    keyFilesIn(again),
    filesNeeded(again).map(name => name.replace('.pem', '.jwe')),
  )
  t.ok((await verifies(again, before)) && (await sessionGoesOn(again, before)))
})

t.test('The encryption key is lost: nothing is destroyed, and new keys under a new one work', async t => {
  const KEY_FILE = join(temporaryFolder(t), 'key')
  const [makeKey = ''] = blocksOf('encrypt-key-files')
  const [revoke = '', look = '', ...more] = blocksOf('encryption-key-lost')
  t.strictSame(more, [])
  const folder = temporaryFolder(t)
  const make = await terminalIn(t, folder, { KEY_FILE })
  await make(makeKey)
  const environment = { SIGNET_KEY_ENCRYPTION_KEY_FILE: KEY_FILE }
  const service = await serve(t, { folder, environment })
  const old = await publishedBy(service)
  await service.stop()
  const files = keyFilesIn(service)
  await make(makeKey)

  const terminal = await terminalIn(t, folder, environment)
  await t.rejects(restartedWith(t, service, KEY_FILE), { message: /can't be decrypted/ })
  t.strictSame(keyFilesIn(service), files)
  await terminal(revoke)
  const again = await restartedWith(t, service, KEY_FILE)
  await terminal(look)
  t.strictSame(
    (await publishedBy(again)).filter(kid => old.includes(kid)),
    [],
  )
})
