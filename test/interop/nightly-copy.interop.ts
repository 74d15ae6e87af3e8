/** The runbook of the nightly copy, followed command by command with SQLite's shell: SQLITE3 names the executable. */
import { join } from 'node:path'
import { test } from 'tap'
import { withAlice } from '../support/put-back.ts'
import { blocksOf, terminalIn } from '../support/runbooks.ts'
import { temporaryFolder } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'

test('each night there is a marked copy; the others have all that was committed', async t => {
  const scene = await withAlice(t)
  const COPY = temporaryFolder(t)
  const terminal = await terminalIn(t, scene.folder, { COPY }, { sqlite3: process.env['SQLITE3'] ?? 'sqlite3' })
  const [nightly = '', bySqlite = '', ofStopped = '', look = '', ...more] = blocksOf('nightly-copy')
  t.strictSame(more, [])
  await terminal(nightly)
  await scene.done(['users', 'disable', 'alice'])
  await terminal(nightly)
  const today = new Date().toISOString().slice(0, 10)
  t.match(await terminal(look), new RegExp(`^ok\n${today} \\d\\d:\\d\\d:\\d\\d$`, 'm'))
  await terminal(bySqlite)
  t.equal(await scene.stop(), 0)
  await terminal(ofStopped)
  await terminal('tar -xf "$COPY/db.tar" -C "$COPY"')
  for (const name of ['signet.sqlite', 'by-sqlite.sqlite', 'db/signet.sqlite'])
    t.strictSame(select(join(COPY, name), 'select status from users'), [{ status: 'disabled' }], name)
  await scene.start()
})
