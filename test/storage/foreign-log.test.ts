/**
 * A copy is put back beside a log that is not its own. SQLite would apply that log: the restore would be undone, or the database a
 * mixture of two times. Nothing is served, and nobody who was disabled since gets a token. The soak has every combination.
 */
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import t from 'tap'
import { openRaw } from '../../src/storage/engine/sqlite/header.ts'
import { hasOwnLog } from '../../src/storage/engine/sqlite/own-log.ts'
import { assertRefused, copies, untilNoted, waysBack, withAlice } from '../support/put-back.ts'
import { temporaryFolder } from '../support/serve.ts'
import { notOnPostgres } from '../support/sqlite.ts'

if (notOnPostgres('about files')) t.bailout('about files')

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
