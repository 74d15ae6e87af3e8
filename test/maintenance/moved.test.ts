/** A database that is on another PostgreSQL server than before: nothing is served until somebody says what that is. */
import { writeFileSync } from 'node:fs'
import { type Test, test } from 'tap'
import { commandLine } from '../support/command-line.ts'
import { connect, migratedPostgres } from '../support/postgres.ts'
import { addAlice, refresh, serve, signIn, temporaryFolder } from '../support/serve.ts'
import { unwrapped } from '../support/unwrapped.ts'

const REMEMBERED = 'select server_identity from instance'

/** A service that ran, and stopped; its database was then put into another one, as by a dump. */
async function moved(t: Test) {
  const folder = temporaryFolder(t)
  const environment = { SIGNET_DATABASE_URL: await migratedPostgres(t) }
  const service = await serve(t, { folder, environment })
  await addAlice(service)
  const { body } = await signIn(service)
  await service.stop()
  const beside = await connect(t, environment.SIGNET_DATABASE_URL)
  const remembered = async (): Promise<string> => (await beside.query(REMEMBERED)).rows[0].server_identity
  const identity = await remembered()
  const pretend = (other: string) => beside.query('update instance set server_identity = $1', [other])
  const options = { folder, environment }
  return { ...(await commandLine(t, service.environment)), options, body, identity, remembered, pretend, beside }
}

const others = {
  'another cluster': [(id: string) => id.replace(/^\d+/, '1'), /on another PostgreSQL cluster than before/],
  'a database that was made anew': [(id: string) => id.replace(/\d+$/, '1'), /another database of the cluster/],
  'a promoted standby': [(id: string) => id.replace(/:\d+:/, ':0:'), /is on timeline 1, and was on 0/],
} as const

test('what is on another server is not served, and the doctor says what to do', async t => {
  const { options, identity, pretend, run, refuses, remembered } = await moved(t)
  t.match(identity, /^\d+:1:\d+$/)
  for (const [what, [change, says]] of Object.entries(others))
    await t.test(what, async t => {
      await pretend(change(identity))
      await t.rejects(serve(t, options), { name: 'KeyError', message: says })
      await t.rejects(serve(t, options), { message: /--accept-restore.*--accept-move.*docs\/runbooks\/restore\.md$/ })
      const { code, stdout } = await run(['doctor'])
      t.equal(code, 1)
      t.match(unwrapped(stdout), /^PROBLEM {2}restore: .*--accept-move/)
      await refuses([{ words: ['keys', 'rotate'], code: 1, says }])
      t.equal(await remembered(), change(identity), 'nobody has changed it')
    })
})

test('a move is accepted: sessions go on, and the audit tells of it', async t => {
  const { options, identity, pretend, run, refuses, remembered, body } = await moved(t)
  await refuses([{ words: ['doctor', '--accept-move'], code: 1, says: /there is no move to accept/ }])
  await pretend(identity.replace(/^\d+/, '1'))
  t.match(await run(['doctor', '--accept-move', '--json']), { code: 0, stdout: /"accepted_move":\s*true/ })
  t.equal(await remembered(), identity)
  const service = await serve(t, options)
  t.equal((await refresh(service, body.refresh_token)).status, 200)
  const { stdout } = await run(['audit', 'list', '--type', 'restore.move', '--json'])
  t.match(JSON.parse(stdout), [{ type: 'restore.move', outcome: 'success', reason: identity }])
})

test('what is known to be a copy cannot be accepted as a move', async t => {
  const { identity, pretend, refuses, run } = await moved(t)
  t.match(await run(['doctor', '--restored']), { code: 0 })
  await pretend(identity.replace(/^\d+/, '1'))
  await refuses([
    { words: ['doctor', '--accept-move'], code: 1, says: /Go on with: signet doctor --accept-restore/ },
    { words: ['doctor', '--accept-move', '--accept-restore'], code: 2, says: /give one of the two/ },
  ])
  t.match(await run(['doctor', '--accept-restore', '--drop-credentials']), { code: 0 })
})

test('a snapshot of before, on the same server, is known by what is noted beside the keys', async t => {
  const { options, beside, refuses } = await moved(t)
  const service = await serve(t, options)
  await service.stop()
  // The log can't be made shorter here, but what is noted can say that it was longer.
  const { rows } = await beside.query('select id from instance')
  writeFileSync(`${options.folder}/keys/${rows[0].id}.writes`, `${String(2 ** 30).padStart(11)}\n`)
  await t.rejects(serve(t, options), {
    message: /older than the key directory, \d+ pages of the write-ahead log are missing/,
  })
  await refuses([{ words: ['doctor', '--accept-move'], code: 1, says: /Go on with: signet doctor --accept-restore/ }])
})

test('the doctor warns of a server whose loss would lose what was acknowledged', async t => {
  const { run } = await moved(t)
  t.match(
    (await run(['doctor'])).stdout,
    /WARNING {2}durability: A commit does not wait for the disk/,
    'the server of the tests',
  )
})
