/** In the wrong folder, or with the wrong variables, a command says where it looked: it makes no empty database and no empty key directory. */
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { commandLine } from '../support/command-line.ts'
import { databaseIn } from '../support/database-in.ts'
import { isOnPostgres } from '../support/environment.ts'
import { emptyPostgres } from '../support/postgres.ts'
import { cannotRunAsOthers, signetProcess, spawnService } from '../support/process.ts'
import { environmentOf, password, serve, temporaryFolder } from '../support/serve.ts'
import { notOnPostgres } from '../support/sqlite.ts'
import { unwrapped } from '../support/unwrapped.ts'

const skip = notOnPostgres('it is about the file')

/** One of each that opens the database, but for serve and migrate. */
const commands: readonly (readonly string[])[] = [
  ['users', 'add', 'alice', '--password-stdin'],
  ['users', 'list'],
  ['users', 'unlock', 'alice'],
  ['roles', 'add', 'editor', '--permission', 'a:b'],
  ['clients', 'add', 'c', '--public'],
  ['api-keys', 'list'],
  ['sessions', 'list'],
  ['keys', 'list'],
  ['keys', 'rotate'],
  ['keys', 'revoke', '--all', '--reason', 'test'],
  ['audit', 'list', '--user', 'alice'],
  ['audit', 'export'],
  ['audit', 'verify'],
  ['backup', '/nowhere/copy.sqlite'],
]

t.test('no command but serve and migrate makes a database, and each says where it looked', { skip }, async t => {
  const { environment, folder, file } = await databaseIn(t)
  const { refuses, run, text } = await commandLine(t, environment)
  const says = new RegExp(`^There is no database at ${file}\\. .*look at SIGNET_DATABASE_URL and at the folder`)
  await refuses(commands.map(words => ({ words, input: password, code: 1, says })))
  const stdout = unwrapped((await run(['doctor'])).stdout)
  t.match(
    stdout,
    new RegExp(
      `^PROBLEM {2}database: There is no database at ${file}\\..*\n(.*\n)?PROBLEM {2}restore: not checked, for the same reason as database\n`,
    ),
  )
  t.equal(stdout.match(/There is no database/g)?.length, 1, 'once is enough')
  t.strictSame(readdirSync(folder), [], 'and makes nothing')

  mkdirSync(dirname(file))
  writeFileSync(file, '')
  const isEmpty = new RegExp(`^Nothing of Signet is in the database ${file}\\.`)
  await refuses([{ words: ['users', 'list'], code: 1, says: isEmpty }])
  await text(['migrate'])
  t.equal(await text(['users', 'list']).then(lines => lines.split('\n').length), 2, 'migrate makes one')
})

t.test('a PostgreSQL database of something else gets no tables, and its name is told without the password', async t => {
  const url = new URL(await emptyPostgres(t))
  const name = url.pathname.slice(1)
  url.password = 'hunter2'
  const folder = temporaryFolder(t)
  const { refuses, text } = await commandLine(t, { ...(await environmentOf(folder)), SIGNET_DATABASE_URL: url.href })
  const says = new RegExp(`^Nothing of Signet is in the database ${name} at ${url.host}\\. ((?!hunter2)[^])*$`)
  for (let times = 0; times < 2; times += 1) await refuses([{ words: ['users', 'list'], code: 1, says }])
  await text(['migrate'])
  await text(['users', 'list'])
})

t.test('no command but serve makes a key directory, and each says where it looked', async t => {
  const { environment } = await commandLine(t)
  const keys = environment['SIGNET_KEYS_DIR'] ?? ''
  const { refuses, run, text } = await commandLine(t, environment)
  await text(['users', 'add', 'alice', '--password-stdin'], password)
  const says = new RegExp(`There is no key directory ${keys}\\. Check SIGNET_KEYS_DIR`)
  const about = [
    ['keys', 'list'],
    ['keys', 'rotate'],
    ['keys', 'revoke', '--all', '--reason', 'test'],
    ['users', 'unlock', 'alice'],
  ]
  await refuses(about.map(words => ({ words, code: 1, says })))
  t.match(unwrapped((await run(['doctor'])).stdout), `PROBLEM  key directory: There is no key directory ${keys}.`)
  t.notOk(existsSync(keys))
  await (await serve(t, { folder: dirname(keys), environment })).stop()
  t.ok(existsSync(keys))
})

t.test(
  'doctor finds a key directory or a database folder that cannot be written to',
  { skip: cannotRunAsOthers() || (isOnPostgres() && 'it is about the folder') },
  async t => {
    const folder = temporaryFolder(t)
    chmodSync(folder, 0o777)
    const user = { uid: 1000, gid: 1000 }
    const service = await spawnService(t, folder, {}, [], user)
    const problems = async () => {
      const { stdout } = await signetProcess(service.environment, ['doctor', '--json'], '', user)
      const { findings } = JSON.parse(stdout)
      return Object.fromEntries(
        findings
          .filter(({ ok }: { ok: boolean }) => !ok)
          .map(({ check, problem }: { check: string; problem: string }) => [check, problem]),
      )
    }
    const isClosed = (...names: readonly string[]) =>
      new RegExp(`${join(folder, ...names)} can't be written to \\(EACCES\\)`)
    for (const name of ['keys', 'db']) chmodSync(join(folder, name), 0o500)
    t.match(await problems(), { 'key directory': isClosed('keys'), database: isClosed('db') })
    for (const name of ['keys', 'db']) chmodSync(join(folder, name), 0o700)
    chmodSync(join(folder, 'keys', 'audit'), 0o500)
    t.match(await problems(), { 'key directory': isClosed('keys', 'audit') })
    chmodSync(join(folder, 'keys', 'audit'), 0o700)
    t.strictSame(await problems(), {})
  },
)
