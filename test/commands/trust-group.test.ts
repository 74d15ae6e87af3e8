/**
 * Volumes whose group somebody else manages (fsGroup, OpenShift, NFS): with SIGNET_TRUST_GROUP their files may belong to root and be
 * open to a group of the process; without it nothing that others can read or write is used, and the message names the setting.
 */
import { chmodSync, chownSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { byTest, serve } from '../support/serve.ts'
import { examine, refusedStart, startedBefore } from '../support/signing-keys.ts'
import { modesIn, mountAll, names, SERVICE, STRANGERS, trusting } from '../support/volumes.ts'

const needsRoot = process.getuid?.() === 0 ? false : 'only root can give a file to another group'

t.test('what the group can read and write is used with the setting only, and stays as it is', async t => {
  const where = await startedBefore(t)
  mountAll(where.folder)
  t.match(
    await refusedStart(t, where),
    /keys can be written to by other users\. Run: chmod go-w .*keys; or set SIGNET_/,
  )
  t.match((await examine(t, where))['key directory'], names)

  const service = await serve(t, { folder: where.folder, environment: trusting })
  t.strictSame(new Set(modesIn(join(where.folder, 'keys'))), new Set([0o660]))
  const before = readdirSync(join(where.folder, 'keys'))
  await (await service.container.keyLifecycle()).revokeAll('a test', byTest)
  const made = readdirSync(join(where.folder, 'keys')).filter(name => !before.includes(name) && name.endsWith('.pem'))
  t.equal(made.length, 2)
  for (const name of made)
    t.equal(lstatSync(join(where.folder, 'keys', name)).mode & 0o777, 0o600, 'what is new is ours')
})

interface Damage {
  readonly what: string
  readonly path: string
  readonly mode: number
  readonly says?: RegExp
}

/** Each is there alone, and undone before the next. */
async function eachOf(damages: readonly Damage[], assert: (damage: Damage) => Promise<void>): Promise<void> {
  for (const damage of damages) {
    const { mode } = lstatSync(damage.path)
    chmodSync(damage.path, damage.mode)
    await assert(damage)
    chmodSync(damage.path, mode)
  }
}

t.test('without the setting, the message names it; with it, the service starts', async t => {
  const where = await startedBefore(t)
  const keys = join(where.folder, 'keys')
  const damages = [
    {
      what: 'a key',
      path: where.active,
      mode: 0o640,
      says: /\.pem is open to other users\. .*chmod 600 .*TRUST_GROUP/,
    },
    { what: 'the folder', path: keys, mode: 0o770, says: /chmod go-w .*TRUST_GROUP/ },
    { what: 'the audit keys', path: join(keys, 'audit'), mode: 0o770, says: /chmod go-w .*audit; .*TRUST_GROUP/ },
  ]
  await eachOf(damages, async ({ what, says = names }) => {
    t.match(await refusedStart(t, where), says, what)
    await (await serve(t, { folder: where.folder, environment: trusting })).stop()
  })
})

t.test('what is open to all is refused with the setting, and without it no message names it', async t => {
  const where = await startedBefore(t)
  const keys = join(where.folder, 'keys')
  const damages = [
    { what: 'a key can be read', path: where.active, mode: 0o664 },
    { what: 'a key can be written', path: where.active, mode: 0o662 },
    { what: 'the folder can be written to', path: keys, mode: 0o2777 },
    { what: 'the audit keys can be written to', path: join(keys, 'audit'), mode: 0o2777 },
  ]
  await eachOf(damages, async ({ what }) => {
    t.notMatch(await refusedStart(t, where, trusting), names, what)
    t.notMatch(await refusedStart(t, where), names, what)
  })
})

t.test(
  'a group that the process is not in stays foreign, and so does an owner who is not root',
  { skip: needsRoot },
  async t => {
    const keys = await startedBefore(t)
    mountAll(keys.folder, STRANGERS)
    t.match(await refusedStart(t, keys, trusting), /can be written to by other users\. Run: chmod go-w [^;]*$/)
    mountAll(keys.folder, process.getgid?.())
    chownSync(keys.active, SERVICE, process.getgid?.() ?? 0)
    t.match(await refusedStart(t, keys, trusting), /belongs to another user \(uid 1000\)/)
  },
)
