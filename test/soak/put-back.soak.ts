/** Copies of every kind are put back in every way beside logs of every time: none is served, and the remedy works each time. */
import { chmodSync, copyFileSync, existsSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startCommand } from '../support/process.ts'
import {
  assertRefused,
  beside,
  copies,
  meanwhile,
  messageOfStart,
  refused,
  untilEnded,
  untilNoted,
  waysBack,
  withAlice,
} from '../support/put-back.ts'
import { temporaryFolder } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'

t.jobs = 2

/** Which operators added. */
const ROLES = "select name from roles where name <> 'signet-admin'"

/** The database is changed after its log: the clock of a file system goes in steps of some milliseconds. */
function untilLater(file: string, change: () => void): void {
  const changedAt = (name: string) => statSync(name, { bigint: true }).ctimeNs
  do change()
  while (changedAt(file) <= changedAt(`${file}-wal`))
}

const [copyNames, wayNames, meanwhileNames] = [copies, waysBack, meanwhile].map(Object.keys) as [
  string[],
  string[],
  string[],
]

for (const [at, since] of meanwhileNames.entries())
  for (const [row, how] of copyNames.entries()) {
    // Each way with each kind of copy, and with each time.
    const way = wayNames[(at + row) % wayNames.length] ?? ''
    t.test(`${how}, ${since}, kill -9, ${way}`, async t => {
      const scene = await withAlice(t)
      await copies[how]?.(scene.file, scene.copy)
      await meanwhile[since]?.(scene)
      await scene.done(['users', 'disable', 'alice'])
      await untilNoted(scene)
      await scene.stop('SIGKILL')
      waysBack[way]?.(scene.copy, scene.file)
      await assertRefused(t, scene)
    })
  }

for (const since of ['an act, and the log began anew', 'the service was started again'])
  t.test(`a copy page by page, ${since}, written over the running service`, async t => {
    const scene = await withAlice(t)
    await copies['a copy page by page']?.(scene.file, scene.copy)
    await meanwhile[since]?.(scene)
    await scene.done(['users', 'disable', 'alice'])
    await untilNoted(scene)
    const pid = scene.pid()
    copyFileSync(scene.copy, scene.file)
    await untilEnded(pid)
    t.match(scene.log(), /signet\.sqlite was overwritten while this process used it/)
    await assertRefused(t, scene)
  })

t.test('the log that another program left behind a clean stop', async t => {
  const scene = await withAlice(t)
  await copies['the backup of SQLite']?.(scene.file, scene.copy)
  const tail = startCommand(t, scene.environment, ['audit', 'tail', '--follow'])
  await until(async () => tail.stdout() !== '')
  await scene.done(['users', 'disable', 'alice'])
  t.equal(await scene.stop(), 0)
  tail.kill('SIGKILL')
  await tail.ran
  t.ok(existsSync(`${scene.file}-wal`))
  copyFileSync(scene.copy, scene.file)
  await assertRefused(t, scene)
})

t.test('a copy is put back through SQLite itself: the service ends, and it stays known what was missing', async t => {
  const scene = await withAlice(t)
  await copies['the backup of SQLite']?.(scene.file, scene.copy)
  await scene.done(['users', 'disable', 'alice'])
  await untilNoted(scene)
  const pid = scene.pid()
  // As `sqlite3 .restore` does.
  await beside(scene.copy, async database => void (await database.backup(scene.file)))
  await untilEnded(pid)
  t.match(scene.log(), /A copy was put back into .*signet\.sqlite while this process used it/)
  t.match(await messageOfStart(scene), /does not belong to|was put back/)
})

t.test('the log of another database is not applied', async t => {
  const [scene, other] = await Promise.all([withAlice(t), withAlice(t)])
  await Promise.all([scene.stop('SIGKILL'), other.stop()])
  copyFileSync(other.file, scene.file)
  t.match(await messageOfStart(scene), refused)
})

t.test("a database's own log is applied after kill -9, also when a part of it is in the file already", async t => {
  const scene = await withAlice(t)
  // A reader holds up the checkpoint.
  await beside(scene.file, async reader => {
    reader.exec('begin')
    reader.prepare('select * from users').all()
    await scene.done(['roles', 'add', 'editor', '--permission', 'a:b'])
    await beside(scene.file, database => database.pragma('wal_checkpoint(PASSIVE)'))
    await scene.stop('SIGKILL')
    reader.exec('commit')
  })
  await scene.start()
  t.strictSame(select(scene.file, ROLES), [{ name: 'editor' }])
})

t.test('a database that lost power after a checkpoint starts, also without the index of its log', async t => {
  const scene = await withAlice(t)
  await scene.done(['roles', 'add', 'editor', '--permission', 'a:b'])
  await scene.stop('SIGKILL')
  const left = join(temporaryFolder(t), 'left')
  await beside(scene.file, database => {
    database.pragma('wal_checkpoint(PASSIVE)')
    for (const ending of ['-wal', '']) copyFileSync(`${scene.file}${ending}`, `${left}${ending}`)
  })
  for (const ending of ['-wal', '']) renameSync(`${left}${ending}`, `${scene.file}${ending}`)
  untilLater(scene.file, () => chmodSync(scene.file, 0o600))
  await scene.start()
  t.strictSame(select(scene.file, ROLES), [{ name: 'editor' }])
})

t.test('the log of another time is refused, too, when nothing but what other programs wrote is in it', async t => {
  const scene = await withAlice(t)
  await scene.stop()
  const kept = join(temporaryFolder(t), 'kept')
  await beside(scene.file, database => {
    database.exec('create table others (number integer); insert into others values (1)')
    database.pragma('wal_checkpoint(TRUNCATE)')
    copyFileSync(scene.file, scene.copy)
    for (const number of [2, 3]) {
      database.pragma('wal_checkpoint(TRUNCATE)')
      database.exec(`update others set number = ${number}`)
    }
    for (const ending of ['', '-wal']) copyFileSync(`${scene.file}${ending}`, `${kept}${ending}`)
  })
  copyFileSync(`${kept}-wal`, `${scene.file}-wal`)
  untilLater(scene.file, () => copyFileSync(scene.copy, scene.file))
  t.match(await messageOfStart(scene), refused)
  for (const ending of ['', '-wal']) renameSync(`${kept}${ending}`, `${scene.file}${ending}`)
  await scene.start()
  t.strictSame(select(scene.file, 'select number from others'), [{ number: 3 }], 'its own is applied')
})
