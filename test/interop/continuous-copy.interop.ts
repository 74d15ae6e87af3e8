/** The runbook of the continuous copy, followed command by command with Litestream: LITESTREAM and SQLITE3 name the executables. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { messageOfStart, untilNoted, withAlice } from '../support/put-back.ts'
import { blocksOf, fileOf, terminalIn } from '../support/runbooks.ts'
import { temporaryFolder } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'

const programs = {
  litestream: process.env['LITESTREAM'] ?? 'litestream',
  sqlite3: process.env['SQLITE3'] ?? 'sqlite3',
}

test('Litestream beside the service, and its copy put back: what was copied is there, and nothing is served unasked', async t => {
  const scene = await withAlice(t)
  const { folder, file, done } = scene
  const [COPY, ASIDE] = [temporaryFolder(t), join(temporaryFolder(t), 'aside')]
  const variables = { COPY, ASIDE, REPLICA_URL: `file://${join(temporaryFolder(t), 'replica')}` }
  const terminal = await terminalIn(t, folder, variables, programs)
  const [replicate = '', restore = '', look = '', ...more] = blocksOf('continuous-copy')
  t.strictSame(more, [])
  writeFileSync(join(folder, 'litestream.yml'), fileOf('continuous-copy', 'yaml'))

  const replicating = terminal(`echo $$ >litestream.pid; exec ${replicate}`)
  const copied = () => {
    const [last] = select(file, "select datetime(max(occurred_at_ms) / 1000, 'unixepoch') as at from audit_events")
    const said = terminal(look).catch(() => '')
    return said.then(text => {
      rmSync(join(COPY, 'look.sqlite'), { force: true })
      return text.includes(String(last?.['at']))
    })
  }
  await until(copied)
  // Its checkpoints and what it writes itself are no reason to end.
  await done(['roles', 'add', 'editor', '--permission', 'a:b'])
  await until(copied)
  process.kill(Number(readFileSync(join(folder, 'litestream.pid'), 'utf8')), 'SIGTERM')
  await replicating
  await done(['users', 'disable', 'alice'])
  await untilNoted(scene)
  t.equal(await scene.stop(), 0)

  await terminal(restore)
  t.match(await messageOfStart(scene), /was put back/)
  await done(['doctor', '--accept-restore', '--keep-credentials'])
  await scene.start()
  const found = select(
    file,
    "select username, status, (select name from roles where name = 'editor') as role from users",
  )
  t.strictSame(found, [{ username: 'alice', status: 'active', role: 'editor' }])
})
