/** Every change of the files of a database under a running service, and what looks like one: nothing that was acknowledged is lost. */
import {
  cpSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { assertNothingLost, changes, remove, withSession } from '../support/changed-files.ts'
import { beside } from '../support/put-back.ts'
import { temporaryFolder } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'
import { unwrapped } from '../support/unwrapped.ts'

t.jobs = 2

for (const [what, change] of Object.entries(changes)) t.test(what, t => assertNothingLost(t, change))

for (const endings of [['-shm'], ['-wal'], ['-shm', '-wal']])
  t.test(`commands do not open a database whose ${endings.join(' and ')} another process has lost`, async t => {
    const scene = await withSession(t)
    // It neither looks nor ends meanwhile.
    process.kill(scene.pid(), 'SIGSTOP')
    remove(...endings)(scene)
    const before = readdirSync(scene.databaseFolder)
    for (const words of [['users', 'disable', 'alice'], ['users', 'list'], ['doctor']]) {
      const { code, stdout, stderr } = await scene.cli(words)
      t.equal(code, 1)
      t.match(
        unwrapped(stdout + stderr),
        /^(PROBLEM {2}database: )?Another process uses .*signet\.sqlite, and .* was deleted/m,
      )
    }
    t.strictSame(readdirSync(scene.databaseFolder), before, 'nothing was made')
    process.kill(scene.pid(), 'SIGCONT')
    t.equal(await scene.ended(), 1)
    await scene.start()
    t.equal((await scene.signIn()).status, 200)
  })

t.test('a command writes to an exchanged log before the service notices: what both acknowledged is there', async t => {
  const scene = await withSession(t)
  process.kill(scene.pid(), 'SIGSTOP')
  changes['-wal is exchanged for a copy'].change(scene)
  for (const number of [1, 2, 3]) await scene.done(['roles', 'add', `role-${number}`, '--permission', 'a:b'])
  await scene.done(['users', 'disable', 'alice'])
  process.kill(scene.pid(), 'SIGCONT')
  t.equal(await scene.ended(), 1)
  await scene.start()
  t.strictSame(select(scene.file, 'select status from users'), [{ status: 'disabled' }])
  t.equal(select(scene.file, "select name from roles where name like 'role-%'").length, 3)
})

t.test('a service whose files are gone consumes nothing that it refuses', async t => {
  const scene = await withSession(t)
  remove('-shm')(scene)
  // It may end by itself before it answers.
  const answer = await scene.refresh(scene.refreshToken).catch(() => undefined)
  t.equal(answer?.status ?? 503, 503)
  t.equal(await scene.ended(), 1)
  await scene.start()
  t.equal((await scene.refresh(scene.refreshToken)).status, 200)
})

t.test('a database that was deleted is not made anew beside its keys', async t => {
  const scene = await withSession(t)
  await scene.stop()
  remove('')(scene)
  const { code, stderr } = await scene.cli(['serve'])
  t.equal(code, 1)
  t.match(stderr, /^The database is new, and the key directory belongs to another \(database_\w+\)/)
})

t.test('a log that was cut to nothing is noticed', async t => {
  const scene = await withSession(t)
  truncateSync(scene.database('-wal'))
  t.equal(await scene.ended(), 1)
  t.match(scene.log(), /-wal was cut/)
})

t.test('-shm is deleted while much is in the log alone: nothing looks as if it was put back', async t => {
  const scene = await withSession(t)
  await beside(scene.file, database => database.pragma('wal_checkpoint(TRUNCATE)'))
  const rotated = await scene.refresh(scene.refreshToken)
  remove('-shm')(scene)
  t.equal(await scene.ended(), 1)
  await scene.start()
  t.equal((await scene.refresh(rotated.body.refresh_token)).status, 200)
})

t.test('a crashed service is copied with other modes: it serves, and all three are private', async t => {
  const scene = await withSession(t)
  await scene.stop('SIGKILL')
  for (const ending of ['', '-wal', '-shm']) {
    writeFileSync(scene.database('-new'), readFileSync(scene.database(ending)), { mode: 0o644 })
    renameSync(scene.database('-new'), scene.database(ending))
  }
  for (let round = 0; round < 2; round += 1) {
    await scene.start()
    for (const ending of ['', '-wal', '-shm']) t.equal(statSync(scene.database(ending)).mode & 0o777, 0o600)
    await scene.stop('SIGKILL')
  }
})

t.test('what only looks, or copies, or links the files, changes nothing', async t => {
  const scene = await withSession(t)
  const aside = temporaryFolder(t)
  cpSync(scene.databaseFolder, join(aside, 'copy'), { recursive: true })
  linkSync(scene.file, join(aside, 'link'))
  for (const ending of ['', '-wal', '-shm']) t.ok(existsSync(scene.database(ending)))
  await scene.done(['users', 'disable', 'alice'])
  await scene.done(['users', 'enable', 'alice'])
  t.equal((await scene.signIn()).status, 200)
  t.equal(await scene.stop(), 0)
})
