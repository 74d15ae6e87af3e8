/** The runbooks for backups of docs/runbooks.md, followed command by command: what they promise is so. */
import { copyFileSync, cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { copies, messageOfStart, refused, untilEnded, untilNoted, withAlice } from '../support/put-back.ts'
import { advice, putBack, refusal, worksAt } from '../support/restore.ts'
import { blocksOf, isFollowed, running, terminalIn } from '../support/runbooks.ts'
import { byTest, type Service, secret, temporaryFolder } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'
import { device, restarted } from '../support/status-list.ts'

// Each has a service of its own.
t.jobs = 2

isFollowed(t, 'Backup and restore', [
  'backup',
  // In test/interop/, with the programs that these are about.
  'nightly-copy',
  'continuous-copy',
  'changed-files',
  'restore',
  'unmarked-copy',
  // In test/interop/, too.
  'restore-postgresql',
  // In runbook-of-failover.soak.ts.
  'failover',
])

t.test('Backup and Restore: what was given out before is of no use, and the service works', async t => {
  const { service, before } = await running(t)
  const [BACKUP, KEYS_BACKUP] = [temporaryFolder(t), temporaryFolder(t)]
  const ASIDE = join(temporaryFolder(t), 'aside')
  const terminal = await terminalIn(t, service.folder, { BACKUP, KEYS_BACKUP, ASIDE })
  const [backup = '', age = '', ...more] = blocksOf('backup')
  const [exchange = '', keep = '', , look = '', ...evenMore] = blocksOf('restore')
  t.strictSame([more, evenMore], [[], []])
  await terminal(backup)
  t.match(await terminal(age), /^note {5}last backup: (now|\d+ s ago), /m)
  t.strictSame(readdirSync(BACKUP), ['signet.sqlite'])
  t.strictSame(readdirSync(join(KEYS_BACKUP, 'keys')).sort(), readdirSync(join(service.folder, 'keys')).sort())
  const since = await device(service)
  await service.stop()

  await terminal(exchange)
  t.equal(select(join(ASIDE, 'signet.sqlite'), 'select id from sessions').length, 2, 'the database of before is kept')
  t.match(await refusal(t, service), advice)
  t.match(await terminal(keep), /^Accepted the restore: 1 session ended, 2 signing keys revoked$/m)
  const again = await restarted(t, service, {})
  await terminal(look)
  t.strictSame([await worksAt(again, before), await worksAt(again, since)], [[], []])
  t.equal((await worksAt(again, await device(again))).length, 4)
})

t.test(
  'Restore: without the key directory an empty one will do; without credentials each client gets a new secret',
  async t => {
    const { service, before } = await running(t)
    const [BACKUP, KEYS_BACKUP] = [temporaryFolder(t), temporaryFolder(t)]
    const ASIDE = join(temporaryFolder(t), 'aside')
    const terminal = await terminalIn(t, service.folder, { BACKUP, KEYS_BACKUP, ASIDE })
    await terminal(blocksOf('backup').join(''))
    await service.stop()
    rmSync(join(service.folder, 'keys'), { recursive: true })
    mkdirSync(join(service.folder, 'keys'), { mode: 0o700 })
    const [exchange = '', , drop = '', look = ''] = blocksOf('restore')
    t.match(
      await terminal(exchange + drop + look),
      /^Revoked 2 client secrets, no client keys, no trusts and no API keys/m,
    )
    const again = await restarted(t, service, {})
    t.equal((await again.token({ grant_type: 'refresh_token' }, { client: ['web-app', secret] })).status, 401)
    await addSecrets(again)
    t.strictSame(await worksAt(again, before), [])
    t.equal((await worksAt(again, await device(again))).length, 4)
  },
)

/** In the place of those that were revoked. */
async function addSecrets({ clients }: Service): Promise<void> {
  for (const clientId of ['web-app', 'resource'])
    await clients.addSecret(clientId, { name: undefined, secret, ttlSeconds: undefined }, byTest)
}

t.test('A copy that nothing marks: it is said that it was put back, and accepted', async t => {
  const { service, before } = await running(t)
  const copy = join(temporaryFolder(t), 'copy.sqlite')
  await service.stop()
  cpSync(service.databaseFile, copy)
  putBack(copy, service)
  const [say = '', accept = '', look = '', ...more] = blocksOf('unmarked-copy')
  t.strictSame(more, [])
  const terminal = await terminalIn(t, service.folder)
  await terminal(say)
  t.match(await refusal(t, service), advice)
  t.match(await terminal(accept), /^Accepted the restore: 1 session ended/m)
  const again = await restarted(t, service, {})
  await terminal(look)
  t.strictSame(await worksAt(again, before), [])
})

t.test("The database's files changed: what the service saved takes the place of what was deleted", async t => {
  const scene = await withAlice(t)
  const ASIDE = join(temporaryFolder(t), 'aside')
  const [takeSaved = '', , look = '', ...more] = blocksOf('changed-files')
  t.strictSame(more, [])
  const terminal = await terminalIn(t, scene.folder, { ASIDE })
  await scene.done(['users', 'disable', 'alice'])
  rmSync(scene.file)
  await untilEnded(scene.pid())
  await terminal(takeSaved)
  await scene.start()
  await terminal(look)
  t.strictSame(select(scene.file, 'select status from users'), [{ status: 'disabled' }])
})

t.test("The database's files changed: a log is said to be the database's own", async t => {
  const scene = await withAlice(t)
  await copies['the backup of SQLite']?.(scene.file, scene.copy)
  await scene.done(['users', 'disable', 'alice'])
  await untilNoted(scene)
  await scene.stop('SIGKILL')
  copyFileSync(scene.copy, scene.file)
  t.match(await messageOfStart(scene), refused)
  const [, areOne = ''] = blocksOf('changed-files')
  await (await terminalIn(t, scene.folder))(areOne)
  t.equal(await messageOfStart(scene), 'It serves.')
  t.strictSame(select(scene.file, 'select status from users'), [{ status: 'disabled' }])
})
