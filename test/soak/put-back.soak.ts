/** Copies of every kind are put back in every way beside logs of every time: none is served, and the remedy works each time. */
import { copyFileSync, existsSync } from 'node:fs'
import t from 'tap'
import { startCommand } from '../support/process.ts'
import { assertRefused, copies, meanwhile, untilEnded, untilNoted, waysBack, withAlice } from '../support/put-back.ts'
import { until } from '../support/status-list.ts'

t.jobs = 2

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
