/**
 * Volumes whose group somebody else manages (fsGroup, OpenShift, NFS): with SIGNET_TRUST_GROUP their files may belong to root and be
 * open to a group of the process; without it nothing that others can read or write is used, and the message names the setting.
 */
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { isOnPostgres } from '../support/environment.ts'
import { cannotRunAsOthers, signetProcess, spawnService } from '../support/process.ts'
import { byTest, environmentOf, serve, temporaryFolder } from '../support/serve.ts'
import { examine, refusedStart, startedBefore } from '../support/signing-keys.ts'

const trusting = { SIGNET_TRUST_GROUP: 'true' }
const names = /SIGNET_TRUST_GROUP=true/
const needsRoot = process.getuid?.() === 0 ? false : 'only root can give a file to another group'
const skip = cannotRunAsOthers() || (isOnPostgres() && 'it is about the file')
/** The service, the group that the volume is given to, and one that nobody is in. */
const [SERVICE, GROUP, STRANGERS] = [1000, 3000, 54_321]

/** As the kubelet leaves a volume at each start of a pod. */
function mount(path: string, gid?: number): void {
  const stat = lstatSync(path)
  if (gid !== undefined) chownSync(path, stat.uid, gid)
  chmodSync(path, stat.isDirectory() ? (stat.mode & 0o777) | 0o2770 : (stat.mode & 0o777) | 0o660)
  if (stat.isDirectory()) for (const name of readdirSync(path)) mount(join(path, name), gid)
}

const mountAll = (folder: string, gid?: number) => {
  for (const name of readdirSync(folder)) mount(join(folder, name), gid)
}

const modesIn = (folder: string): number[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) => lstatSync(join(parentPath, name)).mode & 0o777)

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

/** A folder of root's with two volumes, as an orchestrator makes them, and a user who is in the group of both. */
async function volumes(t: Test) {
  const folder = temporaryFolder(t)
  chmodSync(folder, 0o755)
  for (const name of ['db', 'keys']) {
    mkdirSync(join(folder, name))
    chownSync(join(folder, name), 0, GROUP)
    chmodSync(join(folder, name), 0o2775)
  }
  const environment = await environmentOf(folder)
  const run = (words: readonly string[], more = {}, gid = GROUP) =>
    signetProcess({ ...environment, ...more }, words, '', { uid: SERVICE, gid })
  return { folder, environment, run }
}

t.test(
  'a volume of root serves whoever is in its group, at the first start and at those after it',
  { skip },
  async t => {
    const { folder, environment, run } = await volumes(t)
    const refused = await run(['serve'])
    t.equal(refused.code, 1)
    t.match(refused.stderr, /keys belongs to root\. Run: chown 1000 .*keys; or set SIGNET_TRUST_GROUP=true/)
    t.notMatch(refused.stderr, /sudo/, 'nobody is told to run it as root')

    const service = await spawnService(t, folder, { ...environment, ...trusting }, [], { uid: SERVICE, gid: GROUP })
    t.strictSame(new Set(modesIn(folder)), new Set([0o600]), 'what we make is for us only')
    await service.stop()
    mountAll(folder, GROUP)
    await service.start()
    const { code, stdout } = await run(['doctor'], trusting)
    t.equal(code, 0, stdout)
    await service.stop()

    const database = join(folder, 'db', 'signet.sqlite')
    chownSync(database, 0, GROUP)
    chmodSync(database, 0o640)
    t.match((await run(['users', 'list'], trusting)).stderr, /signet\.sqlite can't be written to \(EACCES\)/)
    chmodSync(database, 0o660)
    t.equal((await run(['users', 'list'], trusting)).code, 0)

    const again = await run(['serve'])
    t.match(again.stderr, names, 'the message still says what is missing')
    const stranger = await run(['serve'], trusting, STRANGERS)
    t.equal(stranger.code, 1, 'who is not in the group is refused')
  },
)

t.test('of a file that was put back, owner and mode are mended at once', { skip }, async t => {
  const { folder, run, environment } = await volumes(t)
  for (const name of ['db', 'keys']) chownSync(join(folder, name), SERVICE, GROUP)
  for (const name of ['db', 'keys']) chmodSync(join(folder, name), 0o700)
  const service = await spawnService(t, folder, environment, [], { uid: SERVICE, gid: GROUP })
  await service.stop()
  const key = join(folder, 'keys', readdirSync(join(folder, 'keys')).find(name => name.endsWith('.pem')) ?? '')
  const database = join(folder, 'db', 'signet.sqlite')
  const problems = async () => {
    const { code, stdout } = await run(['doctor', '--json'])
    const { findings } = JSON.parse(stdout)
    return { code, text: findings.map(({ problem }: { problem: string | null }) => problem ?? '').join('\n') }
  }
  for (const [file, mode] of [
    [key, 0o644],
    [database, 0o600],
  ] as const) {
    chownSync(file, 0, 0)
    chmodSync(file, mode)
    const { code, text } = await problems()
    t.equal(code, 1)
    t.match(text, `chown ${SERVICE} ${file} && chmod 600 ${file}`)
    t.notMatch(text, /sudo|as that user/)
    chownSync(file, SERVICE, GROUP)
    chmodSync(file, 0o600)
  }
  t.equal((await problems()).code, 0, 'and that was all')
})
