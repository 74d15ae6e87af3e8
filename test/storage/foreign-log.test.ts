/**
 * A copy is put back beside a log that is not its own. SQLite would apply that log: the restore would be undone, or the database a
 * mixture of two times. Nothing is served, and nobody who was disabled since gets a token. The soak has every combination.
 */
import { chmodSync, copyFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import t from 'tap'
import { openRaw } from '../../src/storage/engine/sqlite-header.ts'
import { hasOwnLog } from '../../src/storage/engine/sqlite-own-log.ts'
import {
  assertRefused,
  beside,
  copies,
  messageOfStart,
  refused,
  untilNoted,
  waysBack,
  withAlice,
} from '../support/put-back.ts'
import { temporaryFolder } from '../support/serve.ts'
import { notOnPostgres, select } from '../support/sqlite.ts'

if (notOnPostgres('about files')) t.bailout('about files')

/** The database is changed after its log: the clock of a file system goes in steps of some milliseconds. */
function untilLater(file: string, change: () => void): void {
  const changedAt = (name: string) => statSync(name, { bigint: true }).ctimeNs
  do change()
  while (changedAt(file) <= changedAt(`${file}-wal`))
}

t.test(
  'a copy is put back beside the log of a service that was killed: refused, until the copy is there alone',
  async t => {
    const scene = await withAlice(t)
    await copies['the backup of SQLite']?.(scene.file, scene.copy)
    await scene.done(['users', 'disable', 'alice'])
    await untilNoted(scene)
    await scene.stop('SIGKILL')
    waysBack['cp']?.(scene.copy, scene.file)
    await assertRefused(t, scene)
  },
)

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
  t.strictSame(select(scene.file, 'select name from roles'), [{ name: 'editor' }])
})

t.test('what another process writes during a look is no foreign log', async t => {
  const file = join(temporaryFolder(t), 'database')
  const database = new Sqlite(file)
  t.teardown(() => database.close())
  const commit = (count: number) => database.pragma(`user_version = ${count}`)
  database.pragma('journal_mode = WAL')
  database.pragma('application_id = 5')
  for (const count of [1, 2, 3]) commit(count)
  database.pragma('wal_checkpoint(PASSIVE)')
  const raw = openRaw(file)
  let indexes = 0
  const index = () => {
    // All of the log is in the file: the next commit begins it anew.
    if (indexes === 0) commit(4)
    indexes += 1
    return raw.index()
  }
  t.equal(hasOwnLog(file, { ...raw, index }, true), true)
  t.ok(indexes > 0, 'it was written meanwhile')
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
