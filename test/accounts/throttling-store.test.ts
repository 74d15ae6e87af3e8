import { mkdirSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import t, { type Test } from 'tap'
import { countersFileOf } from '../../src/records/instance.ts'
import { isOnPostgres } from '../support/environment.ts'
import { attempt, countersOf, guessing, guessingAtAlice, right, untilThrottled, wrong } from '../support/guessing.ts'
import { linesSaying } from '../support/log.ts'
import { change, notOnPostgres } from '../support/sqlite.ts'

t.jobs = 2

const isAboutTheFile = { skip: notOnPostgres('it is about the file') }

const away = 'failed sign-ins are counted in memory only'
const back = 'failed sign-ins are counted in the store again'

t.test('while the store is away sign-ins go on, counted in memory, and the log says so once', async t => {
  const { service, compared } = await guessingAtAlice(t)
  const file = countersFileOf(service.databaseFile)
  if (isOnPostgres()) change(service.databaseFile, 'alter table attempt_counters rename to elsewhere')
  else await service.stop()
  const its = isOnPostgres() ? { service, compared } : await withoutFile(t, service.folder, file)
  t.equal((await right(its.service)).status, 200)
  const before = its.compared()
  t.equal((await untilThrottled(its.service)).length, 11)
  t.equal(its.compared() - before, 10)
  t.equal((await right(its.service)).status, 429)
  t.equal((await right(its.service, { address: '192.0.2.1' })).status, 200)
  t.equal(linesSaying(its.service, away).length, 1)
  t.equal(linesSaying(its.service, back).length, 0)

  if (isOnPostgres()) change(service.databaseFile, 'alter table elsewhere rename to attempt_counters')
  else rmdirSync(file)
  t.equal((await attempt(its.service, { password: wrong(0), address: '198.51.100.1' })).status, 400)
  t.equal(linesSaying(its.service, back).length, 1)
  t.equal(countersOf(its.service).length, 5)
})

/** A service that was started in `folder`, where a folder is in the way of its file of counters. */
async function withoutFile(t: Test, folder: string, file: string) {
  for (const ending of ['', '-shm', '-wal']) rmSync(`${file}${ending}`, { force: true })
  mkdirSync(file)
  return guessing(t, { folder })
}

t.test('a file that is damaged, before or while it is used, is made anew', isAboutTheFile, async t => {
  const { service } = await guessingAtAlice(t)
  await untilThrottled(service)
  await service.stop()
  const file = countersFileOf(service.databaseFile)
  writeFileSync(file, 'no database')
  const second = await guessing(t, { folder: service.folder })
  t.equal((await right(second.service)).status, 200)
  await untilThrottled(second.service)
  t.equal((await right(second.service)).status, 429)
  t.same(linesSaying(second.service, away), [])
})

t.test('the file is for its owner only, beside the database', isAboutTheFile, async t => {
  const { service } = await guessingAtAlice(t)
  await attempt(service, { password: wrong(0) })
  const file = countersFileOf(service.databaseFile)
  t.equal(dirname(file), dirname(service.databaseFile))
  t.match(file, /signet\.throttling\.sqlite$/)
  for (const ending of ['', '-shm', '-wal']) t.equal(statSync(`${file}${ending}`).mode & 0o777, 0o600)
})

t.test('what is over is removed, and what is not stays', async t => {
  const { service } = await guessingAtAlice(t)
  await attempt(service, { password: wrong(0) })
  const counters = await service.container.counters()
  const hours = (count: number) => Date.now() + count * 3_600_000
  t.equal(await counters.removeOver(hours(0), 200), 0)
  t.equal(await counters.removeOver(hours(0.5), 2), 2)
  t.equal(await counters.removeOver(hours(0.5), 200), 1)
  t.match(
    countersOf(service).map(({ key }) => key.split(':')[0]),
    ['account', 'account_network_hour'],
  )
})
