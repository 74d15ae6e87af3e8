/** The runbooks for the key that encrypts the private keys, and for where they are, followed command by command: what they promise is so. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { toRestore, worksAt } from '../support/restore.ts'
import { blocksOf, terminalIn } from '../support/runbooks.ts'
import { type Service, temporaryFolder } from '../support/serve.ts'
import { jwksOf, keyFilesIn, kidsIn, publishedBy, signingKidOf, verifyingKid } from '../support/signing-keys.ts'
import { select } from '../support/sqlite.ts'
import { device, restarted } from '../support/status-list.ts'

// Each has a service of its own.
t.jobs = 2

const [makeKey = ''] = blocksOf('encrypt-key-files')

/** A running service whose keys are encrypted under the key of a file, with a device. */
async function encrypted(t: Test) {
  const file = join(temporaryFolder(t), 'old')
  const { service: plain } = await toRestore(t)
  await (await terminalIn(t, plain.folder, { KEY_FILE: file }))(makeKey)
  const environment = { SIGNET_KEY_ENCRYPTION_KEY_FILE: file }
  const service = await restarted(t, plain, { environment })
  await (await terminalIn(t, service.folder, environment))('./signet keys rewrap')
  return { service, file, environment, before: await device(service) }
}

const privateKeysIn = ({ databaseFile }: Service): string[] =>
  select(databaseFile, 'select kid from private_keys').map(({ kid }) => kid)

t.test('A key-encryption key was seen: keys move to a new one beside the server, and are replaced', async t => {
  const { service, file: old, before } = await encrypted(t)
  const published = await publishedBy(service)
  const KEY_FILE = join(temporaryFolder(t), 'new')
  const [make = '', rewrap = '', revoke = '', look = '', ...more] = blocksOf('key-encryption-key-seen')
  t.strictSame(more, [])
  await (await terminalIn(t, service.folder, { KEY_FILE }))(make)

  const both = { SIGNET_KEY_ENCRYPTION_KEY_FILE: KEY_FILE, SIGNET_KEY_ENCRYPTION_KEY_BEFORE_FILE: old }
  const moving = await restarted(t, service, { environment: both })
  const terminal = await terminalIn(t, service.folder, both)
  await t.rejects(terminal(look), {
    message: /3 private keys are still encrypted under\s+SIGNET_KEY_ENCRYPTION_KEY_BEFORE/,
  })
  t.match(await terminal(rewrap), /^Moved 3 private keys: /)
  t.not(await verifyingKid(before.access, await jwksOf(moving)), undefined, 'no token was lost by that')
  t.match(await terminal(rewrap), /^Nothing was moved/)

  await terminal(revoke)
  await moving.tick()
  t.strictSame(
    (await publishedBy(moving)).filter(kid => published.includes(kid)),
    [],
  )
  t.strictSame(await worksAt(moving, before), ['introspection of the refresh token', 'refresh'])
  rmSync(old)
  const environment = { SIGNET_KEY_ENCRYPTION_KEY_FILE: KEY_FILE }
  const after = await restarted(t, moving, { environment })
  t.equal(await signingKidOf(after), kidsIn(after, 'active')[0])
  t.match(await (await terminalIn(t, service.folder, environment))(look), /^note +key encryption: On/m)
})

t.test('Keys in the database: they go there beside the server, and the files go when it has followed', async t => {
  const { service, environment, before } = await encrypted(t)
  const [copy = '', remove = '', look = '', ...more] = blocksOf('keys-in-the-database')
  t.strictSame(more, [])
  const terminal = await terminalIn(t, service.folder, environment)
  t.match(await terminal(copy), /^Moved 3 private keys: .*\n3 private keys also where they were before/)
  await service.tick()
  const again = await restarted(t, service, { environment: { ...environment, SIGNET_KEYS_STORE: 'database' } })
  t.not(await verifyingKid(before.access, await jwksOf(again)), undefined)
  await terminal(remove)
  t.strictSame(keyFilesIn(service), [])
  t.strictSame(readdirSync(join(service.folder, 'keys', 'audit')), [])
  t.equal(privateKeysIn(again).length, 3)
  t.match(await terminal(look), /^note +key encryption: On/m)
  t.equal(await signingKidOf(again), kidsIn(again, 'active')[0])
  t.strictSame(await worksAt(again, before), await worksAt(again, await device(again)))
})
