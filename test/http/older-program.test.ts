/** A newer release migrates the database under a service of this one, as in a rolling upgrade. */
import t from 'tap'
import { commandLine } from '../support/command-line.ts'
import { NEWER_STEP, newerProgram } from '../support/newer-program.ts'
import { signetProcess } from '../support/process.ts'
import { addAlice, refresh, type Service, secret, serve, signIn } from '../support/serve.ts'
import { unwrapped } from '../support/unwrapped.ts'

const migrateBy = (program: string, { environment }: Service, more: readonly string[] = []) =>
  signetProcess(environment, ['migrate', ...more], '', {}, [], program)

t.test('a service goes on, starts again and is administered on a schema with a step that breaks nothing', async t => {
  const service = await serve(t, { seals: true })
  await addAlice(service)
  const before = (await signIn(service)).body.refresh_token
  const newer = newerProgram(t)

  const due = await migrateBy(newer, service, ['--check', '--json'])
  t.equal(due.code, 3)
  t.strictSame(JSON.parse(due.stdout), {
    due: [{ name: NEWER_STEP, breaking: false, description: 'what a later release needs' }],
    ahead: [],
  })
  t.match(await migrateBy(newer, service), { code: 0, stdout: `Ran ${NEWER_STEP}: what a later release needs\n` })

  async function works(each: Service, token: string): Promise<string> {
    const next = await refresh(each, token)
    t.equal(next.status, 200)
    const { refresh_token: other } = (await signIn(each)).body
    const ended = await each.get('/oauth/revoke', { form: { token: other }, client: ['web-app', secret] })
    t.equal(ended.status, 200)
    t.equal((await refresh(each, other)).status, 400)
    await each.seal()
    return next.body.refresh_token
  }
  const token = await works(service, before)
  await service.stop()

  const { environment, folder } = service
  const again = await serve(t, { folder, environment, seals: true })
  const warned = again
    .log()
    .split('\n')
    .filter(line => line.includes('the schema is of a newer Signet'))
  t.equal(warned.length, 1)
  t.strictSame(JSON.parse(warned[0] ?? '{}').steps, [NEWER_STEP])
  await works(again, token)

  const { json, text, run } = await commandLine(t, environment)
  await json(['users', 'disable', 'alice'])
  t.match(await json(['users', 'list']), [{ username: 'alice', status: 'disabled' }])
  await json(['keys', 'rotate'])
  t.match(await text(['audit', 'verify']), /^The audit is whole: /)
  t.equal(
    await text(['migrate', '--check']),
    `Ahead ${NEWER_STEP}: a newer Signet ran it, and this version can work with it\nThe schema is up to date\n`,
  )
  const { code, stdout } = await run(['doctor'])
  t.equal(code, 0)
  t.match(unwrapped(stdout), new RegExp(`^WARNING  database: The schema is of a newer Signet \\(${NEWER_STEP}\\)`, 'm'))
})

t.test('at a step that breaks it, every command and the next start stop and name it', async t => {
  const service = await serve(t)
  const { environment } = service
  const newer = newerProgram(t, true)
  const due = await migrateBy(newer, service, ['--check'])
  t.equal(due.code, 3)
  t.match(due.stdout, /^Due 9000-later: .*\n {2}It is breaking: stop every instance of an older version/)
  await service.stop()
  t.equal((await migrateBy(newer, service)).code, 0)

  const { refuses, run } = await commandLine(t, environment)
  const says = /newer Signet \(9000-later\), and this version can't work with .* Run the newer version, or restore/
  await refuses([['migrate'], ['migrate', '--check'], ['users', 'list']].map(words => ({ words, code: 1, says })))
  t.match(
    unwrapped((await run(['doctor'])).stdout),
    /^PROBLEM {2}database: The database was migrated by a newer Signet/m,
  )
  const started = await signetProcess(environment, ['serve'])
  t.equal(started.code, 1)
  t.match(started.stderr, says)
})
