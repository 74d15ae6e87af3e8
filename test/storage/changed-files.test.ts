/**
 * The files of the database change under a running service: nothing that was acknowledged is lost, nobody who was disabled gets a
 * token, and it ends with a reason. In processes of their own, as SQLite's locks are those of a process. The soak has every change.
 */
import { readdirSync, rmSync } from 'node:fs'
import t from 'tap'
import { assertNothingLost, changes, remove, withSession } from '../support/changed-files.ts'
import { beside } from '../support/put-back.ts'
import { addAlice, refresh, request, serve, signIn } from '../support/serve.ts'
import { notOnPostgres } from '../support/sqlite.ts'

if (notOnPostgres('about files')) t.bailout('about files')
t.jobs = 2

const what = 'all three are deleted, and something was saved another time'
t.test(`${what}: the service ends, and what was acknowledged is there after the next start`, t =>
  assertNothingLost(t, changes[what]),
)

t.test('-shm is deleted: a command does not open the database, and the service ends', async t => {
  const scene = await withSession(t)
  // It neither looks nor ends meanwhile.
  process.kill(scene.pid(), 'SIGSTOP')
  remove('-shm')(scene)
  const before = readdirSync(scene.databaseFolder)
  const { code, stderr } = await scene.cli(['users', 'disable', 'alice'])
  t.equal(code, 1)
  t.match(stderr, /^Another process uses .*signet\.sqlite, and .* was deleted/m)
  t.strictSame(readdirSync(scene.databaseFolder), before, 'nothing was made')
  process.kill(scene.pid(), 'SIGCONT')
  t.equal(await scene.ended(), 1)
  t.match(scene.log(), changes['-shm is deleted'].says)
  await scene.start()
  t.equal((await scene.signIn()).status, 200)
})

t.test('a service whose files are gone is not ready, and refuses what it would have to write', async t => {
  const service = await serve(t)
  await addAlice(service)
  const { body } = await signIn(service)
  rmSync(`${service.databaseFile}-shm`)
  t.equal((await request(`${service.management}/readyz`)).status, 503)
  t.equal((await refresh(service, body.refresh_token)).status, 503)
})

t.test('what other programs commit is no copy that was put back, also where a log begins with it', async t => {
  const service = await serve(t)
  for (const text of ['create table theirs (a)', 'insert into theirs values (zeroblob(100000))', 'vacuum']) {
    await beside(service.databaseFile, database => {
      database.pragma('wal_checkpoint(TRUNCATE)')
      database.exec(text)
    })
    await service.lookAtFiles()
    t.notMatch(service.log(), /was overwritten/, text)
  }
  await addAlice(service)
  t.equal((await service.get('/.well-known/jwks.json')).status, 200)
})
