import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import t from 'tap'
import packageJson from '../../package.json' with { type: 'json' }
import type { Faults } from '../../src/compose/sources.ts'
import { StorageUnavailable } from '../../src/records/unit-of-work.ts'
import { addedRoles } from '../support/added-roles.ts'
import { commandLine, inParallel, signet } from '../support/command-line.ts'
import { databaseIn } from '../support/database-in.ts'
import { freePort } from '../support/free-port.ts'
import { signetProcess, signetUnread } from '../support/process.ts'
import { notOnPostgres } from '../support/sqlite.ts'

const skip = notOnPostgres('it is about the file')

// Each has a database of its own.
t.jobs = 2

/** What exists, and nothing else. */
const nouns = {
  serve: [],
  migrate: [],
  backup: [],
  doctor: [],
  users: ['add', 'list', 'show', 'rename', 'set-password', 'unlock', 'disable', 'enable', 'delete', 'import'],
  roles: ['add', 'list', 'show', 'update', 'grant', 'revoke', 'delete'],
  clients: [
    'add',
    'list',
    'show',
    'update',
    'add-secret',
    'remove-secret',
    'add-key',
    'remove-key',
    'add-trust',
    'remove-trust',
    'disable',
    'enable',
    'delete',
  ],
  issuers: ['add', 'list', 'show', 'update', 'remove', 'test'],
  'api-keys': ['create', 'list', 'show', 'revoke'],
  sessions: ['list', 'revoke'],
  keys: ['list', 'rotate', 'revoke', 'rewrap'],
  audit: ['list', 'tail', 'verify', 'export', 'key'],
  config: [],
  apply: [],
  export: [],
  version: [],
}

/** The names in the lists of commands of a help text. */
const commandsIn = (help: string): string[] =>
  [...(help.split('\nExamples:\n')[0] ?? '').matchAll(/^ {2}([a-z][a-z-]*)(?: [[<][^ ]+)*(?: {2,}|$)/gm)].map(
    ([, name = '']) => name,
  )

t.test('--help shows what exists, works with a broken configuration, and opens nothing', async t => {
  const { environment, folder } = await databaseIn(t)
  const broken = { ...environment, SIGNET_PORT: 'none', NODE_ENV: 'production' }
  const help = async (words: readonly string[]) => {
    const { code, stdout, stderr } = await signet(broken, [...words, '--help'])
    t.strictSame([code, stderr], [0, ''], `signet ${words.join(' ')} --help`)
    t.match(stdout, new RegExp(`^Usage: signet ${words.join(' ')}`))
    return stdout
  }
  t.strictSame(commandsIn(await help([])).toSorted(), [...Object.keys(nouns), 'help'].toSorted())
  await inParallel(Object.entries(nouns), async ([noun, verbs]) => {
    const text = await help([noun])
    if (verbs.length > 0) t.strictSame(commandsIn(text), [...verbs, 'help'])
    if (verbs.length === 0 && noun !== 'serve') t.match(text, /^ {2}--json +print JSON$/m)
  })
  const commands = Object.entries(nouns).flatMap(([noun, verbs]) => verbs.map(verb => [noun, verb]))
  await inParallel(commands, async words =>
    t.match(await help(words), /^ {2}--json +print JSON(, one value a line)?$/m),
  )
  const version = await signetProcess(broken, ['--version'])
  t.strictSame([version.code, version.stdout], [0, `${packageJson.version}\n`])
  t.strictSame(readdirSync(folder), [])
})

t.test('wrong usage ends with 2, answers nothing on standard output, and opens nothing', async t => {
  const { environment, folder } = await databaseIn(t)
  const cases: readonly (readonly [words: readonly string[], says: RegExp])[] = [
    [[], /^Usage: signet /],
    [['users'], /^Usage: signet users /],
    [['frobnicate'], /unknown command 'frobnicate'/],
    [['user', 'list'], /unknown command 'user'\n\(Did you mean users\?\)/],
    [['users', 'frobnicate', '--json'], /unknown command 'frobnicate'/],
    [['--frobnicate'], /unknown option '--frobnicate'/],
    [['users', 'list', '--frobnicate'], /unknown option '--frobnicate'/],
    [['users', 'list', 'more'], /too many arguments/],
    [['migrate', 'more'], /too many arguments/],
    [['serve', 'more'], /too many arguments/],
    [['backup'], /missing required argument 'file'/],
    [['config', 'more'], /too many arguments/],
    [['doctor', 'more'], /too many arguments/],
    [['keys'], /^Usage: signet keys /],
    [['keys', 'rotate', 'more'], /too many arguments/],
    [['keys', 'revoke', '--reason', 'r'], /^Give a kid or --all\.$/m],
    [['keys', 'revoke', 'kid', '--all', '--reason', 'r'], /^Give a kid or --all\.$/m],
    [['keys', 'revoke', 'kid'], /required option '--reason <reason>' not specified/],
    [['keys', 'revoke', '--all'], /required option '--reason <reason>' not specified/],
  ]
  await inParallel(cases, async ([words, says]) => {
    const { code, stdout, stderr } = await signet(environment, words)
    t.strictSame([code, stdout], [2, ''], `signet ${words.join(' ')}`)
    t.match(stderr, says, `signet ${words.join(' ')}`)
  })
  t.strictSame(readdirSync(folder), [])
})

t.test('a wrong configuration is refused with 1 and every mistake on standard error, under --json too', async t => {
  const environment = { ...(await databaseIn(t)).environment, SIGNET_PORT: 'none', SIGNET_FROBNICATE: 'yes' }
  const ways = [
    [['users', 'list', '--json'], signet],
    [['migrate'], signet],
    [['serve'], signetProcess],
  ] as const
  await inParallel(ways, async ([words, run]) => {
    const { code, stdout, stderr } = await run(environment, words)
    t.strictSame([code, stdout], [1, ''])
    t.match(stderr, /^ {2}SIGNET_PORT is "none"/m)
    t.match(stderr, /^ {2}SIGNET_FROBNICATE is not a variable/m)
    t.notMatch(stderr, /^ {4}at /m)
  })
})

t.test('migrate names what ran and says what it does, and may be run again', { skip }, async t => {
  const { environment, file } = await databaseIn(t)
  const { text, json } = await commandLine(t, environment)
  const { migrations } = await json(['migrate'])
  t.ok(migrations.length > 0 && migrations.every((name: string) => /^\d{4}-/.test(name)))
  t.strictSame(await json(['migrate']), { migrations: [] })
  t.equal(await text(['migrate']), 'The schema is up to date\n')
  t.equal(statSync(file).mode & 0o777, 0o600)
  const another = await commandLine(t, (await databaseIn(t)).environment)
  const lines = (await another.text(['migrate'])).trimEnd().split('\n')
  t.strictSame(
    lines.map(line => /^Ran ([^:]+)/.exec(line)?.[1]),
    migrations,
  )
  t.ok(lines.includes('Ran 0001-main-path'), 'the oldest say nothing')
  const described = /^Ran 0004-rows: every access token hangs on a row of sessions.*Nobody is signed out\.$/
  t.ok(
    lines.some(line => described.test(line)),
    lines.join('\n'),
  )
})

t.test(
  'a database that a newer Signet has migrated is refused by every command, and not touched',
  { skip },
  async t => {
    const { environment, file } = await databaseIn(t)
    const { json, refuses } = await commandLine(t, environment)
    await json(['migrate'])
    await json(['roles', 'add', 'editor', '--permission', 'a:b'])
    const database = new Sqlite(file)
    t.teardown(() => database.close())
    const now = new Date().toISOString()
    database.prepare('insert into kysely_migration (name, timestamp) values (?, ?)').run('9999-from-tomorrow', now)
    const words = [
      ['migrate'],
      ['roles', 'list'],
      ['roles', 'delete', 'editor'],
      ['users', 'list'],
      ['clients', 'list'],
    ]
    await refuses(words.map(command => ({ words: command, code: 1, says: /newer Signet \(9999-from-tomorrow\)/ })))
    const { code, stderr } = await signetProcess(environment, ['serve'])
    t.equal(code, 1)
    t.match(stderr, /newer Signet/)
    t.strictSame(addedRoles(database.prepare('select name from roles').all() as { name: string }[]), [
      { name: 'editor' },
    ])
  },
)

t.test('a command that cannot write says why and what to do, and ends with 1', { skip }, async t => {
  const { environment, file } = await databaseIn(t)
  const { json, refuses } = await commandLine(t, environment)
  await json(['migrate'])
  const other = new Sqlite(file)
  t.teardown(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  const says =
    /^The database can't be used: database is locked \(SQLITE_BUSY\)\. .*run the command again.*docs\/error-messages\.md.*\n$/
  await refuses([{ words: ['roles', 'add', 'editor', '--permission', 'a:b'], code: 1, says }])
  other.exec('COMMIT')
  t.strictSame(addedRoles(await json(['roles', 'list'])), [])
})

t.test('a command is to be run again only where that can help', async t => {
  const add = ['roles', 'add', 'editor', '--permission', 'a:b']
  const failing = (error: Error): Faults => ({ write: () => () => Promise.reject(error) })
  const says = async (error: Error) => {
    const { environment } = await commandLine(t)
    const { code, stdout, stderr } = await signet(environment, add, '', undefined, failing(error))
    t.strictSame([code, stdout], [1, ''])
    return stderr
  }
  const pointer = 'docs/error-messages.md has what helps.\n'
  t.equal(
    await says(new StorageUnavailable('It is busy.')),
    `It is busy. What was done before stays done: run the command again. ${pointer}`,
  )
  t.equal(
    await says(new StorageUnavailable('The disk is full.', { mustBeMended: true })),
    `The disk is full. What was done before stays done: mend that, and then run the command again. ${pointer}`,
  )
  const { environment } = await databaseIn(t)
  const away = { ...environment, SIGNET_DATABASE_URL: `postgres://signet@127.0.0.1:${await freePort()}/signet` }
  for (const words of [add, ['users', 'list'], ['migrate', '--check']]) {
    const { code, stderr } = await signet(away, words)
    t.equal(code, 1)
    t.match(
      stderr,
      /^PostgreSQL can't be used: connect ECONNREFUSED [^ ]+\. docs\/error-messages\.md has what helps\.\n$/,
    )
  }
})

t.test('what nobody expected to fail is told with its stack', { skip }, async t => {
  const { environment, file } = await databaseIn(t)
  const { json, run } = await commandLine(t, environment)
  await json(['migrate'])
  const other = new Sqlite(file)
  other.exec('drop table client_origins')
  other.close()
  const { code, stderr } = await run(['clients', 'list'])
  t.equal(code, 1)
  t.match(stderr, /^SqliteError: no such table: client_origins\n {4}at /)
})

t.test('a command whose answer nobody reads on ends with 0 and without a complaint', async t => {
  const { environment } = await commandLine(t)
  for (const words of [
    ['roles', 'list'],
    ['sessions', 'list', '--json'],
  ]) {
    const { code, stderr } = await signetUnread(environment, words)
    t.strictSame([code, stderr], [0, ''], words.join(' '))
  }
})

t.test('an answer that cannot be written is told in one line, and ends with 1', async t => {
  const { environment } = await commandLine(t)
  const full = 'unset NODE_OPTIONS; exec "$0" "$@" > /dev/full'
  const main = fileURLToPath(new URL('../../src/signet.mjs', import.meta.url))
  for (const words of [
    ['roles', 'list'],
    ['audit', 'export'],
  ]) {
    const ran = await new Promise<{ code: unknown; stderr: string }>(resolve =>
      execFile('sh', ['-c', full, process.execPath, main, ...words], { env: environment }, (error, _, stderr) =>
        resolve({ code: error?.code ?? 0, stderr }),
      ),
    )
    t.strictSame(ran, { code: 1, stderr: 'The answer could not be written: ENOSPC: no space left on device, write\n' })
  }
})

t.test('serve says in one line that another process listens on its port, and ends with 1', async t => {
  const { environment } = await databaseIn(t)
  const other = createServer().listen(Number(environment['SIGNET_PORT']), '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const { code, stderr } = await signetProcess(environment, ['serve'])
  t.equal(code, 1)
  t.match(stderr, /^Can't listen on 127\.0\.0\.1, port \d+: another process listens there\.\n$/)
})

t.test(
  'serve says in one line that it cannot listen at the management address, or where this machine is not',
  async t => {
    const { environment } = await databaseIn(t)
    const other = createServer().listen(Number(environment['SIGNET_MANAGEMENT_PORT']), '127.0.0.1')
    t.teardown(() => other.close())
    await once(other, 'listening')
    const taken = await signetProcess(environment, ['serve'])
    t.equal(taken.code, 1)
    t.match(taken.stderr, /^Can't listen on 127\.0\.0\.1, port \d+: another process listens there\.\n$/)
    const absent = { ...environment, SIGNET_MANAGEMENT_HOST: '192.0.2.7' }
    const elsewhere = await signetProcess(absent, ['serve'])
    t.equal(elsewhere.code, 1)
    t.match(elsewhere.stderr, /^Can't listen on 192\.0\.2\.7, port \d+: this machine has no such address\.\n$/)
  },
)

t.test('what is no database is refused with 1 and left as it is', { skip }, async t => {
  const { environment, file } = await databaseIn(t)
  mkdirSync(join(file, '..'))
  writeFileSync(file, 'a letter to my mother, by no means a database')
  const { refuses } = await commandLine(t, environment)
  await refuses([
    { words: ['users', 'list'], code: 1, says: /^The database .*signet\.sqlite can't be used: file is not a database/ },
  ])
})
