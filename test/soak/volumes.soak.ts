/** Volumes as orchestrators make them: a service that runs as another user starts on them, again and again. */
import { chmodSync, chownSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { cannotRunAsOthers, signetProcess, spawnService } from '../support/process.ts'
import { environmentOf, temporaryFolder } from '../support/serve.ts'
import { GROUP, modesIn, mountAll, names, SERVICE, STRANGERS, trusting } from '../support/volumes.ts'

t.jobs = 2

const skip = cannotRunAsOthers()

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
