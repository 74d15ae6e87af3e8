import { readdirSync, statSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import t from 'tap'
import packageJson from '../../package.json' with { type: 'json' }
import { addedRoles } from '../support/added-roles.ts'
import { commandLine, inParallel, signet } from '../support/command-line.ts'
import { databaseIn } from '../support/database-in.ts'
import { signetProcess } from '../support/process.ts'
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
