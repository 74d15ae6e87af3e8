/** Help: it fits a terminal, says what is required, and its examples work. */
import { Writable } from 'node:stream'
import { test } from 'tap'
import packageJson from '../../package.json' with { type: 'json' }
import { runProgram } from '../../src/commands/program.ts'
import { signet } from '../support/command-line.ts'

const helpOf = async (...words: readonly string[]) => (await signet({}, [...words, '--help'])).stdout

/** The names in the lists of commands of a help text. */
const commandsIn = (help: string): string[] =>
  [...help.matchAll(/^ {2}([a-z][a-z-]*)(?: [[<].*)?(?: {2,}|$)/gm)]
    .map(([, name = '']) => name)
    .filter(name => name !== 'help' && name !== 'signet')

/** Every command, with its help. */
async function allHelp(): Promise<ReadonlyMap<string, string>> {
  const all = new Map([['', await helpOf()]])
  for (const noun of commandsIn(all.get('') ?? '')) {
    const help = await helpOf(noun)
    all.set(noun, help)
    if (!/^Usage: signet \S+ \[options\] \[command\]$/m.test(help)) continue
    for (const verb of commandsIn(help)) all.set(`${noun} ${verb}`, await helpOf(noun, verb))
  }
  return all
}

/** The lines under `Examples:`, each in one piece. */
const examplesIn = (help: string): string[] =>
  (help.split('\nExamples:\n')[1]?.split('\n\n')[0] ?? '')
    .replaceAll(/ \\\n +/g, ' ')
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')

/** As a shell reads them: without what is set before, piped in or redirected. */
function wordsOf(example: string): string[] {
  const [, own = ''] = /(?:^|\| |[A-Z]=\S+ )signet (.*?)(?: [<>] \S+)?$/.exec(example) ?? []
  return [...own.matchAll(/'([^']*)'|"([^"]*)"|([^ ]+)/g)].map(([, single, double, bare]) =>
    String(single ?? double ?? bare),
  )
}

/** With one argument at most, and no option of its own. */
const isPlain = (help: string): boolean =>
  !/^ {2}(-\w, )?--(?!json|yes|wide|help)/m.test(help) && !/^Usage: .*> </m.test(help)

const REACHED = 'The command was understood.'

/** Runs a command up to where it needs something of a database. */
async function understood(words: readonly string[]): Promise<string> {
  let said = ''
  const stream = () =>
    new Writable({
      write(chunk, _encoding, done) {
        said += chunk
        done()
      },
    })
  const open = (): never => {
    throw Object.assign(new Error(REACHED), { name: 'UsageError' })
  }
  const { Readable } = await import('node:stream')
  const stdin = Readable.from([Buffer.from('{}')])
  await runProgram({ open, io: { stdin, stdout: stream(), stderr: stream(), isTTY: true }, version: '' }, words)
  return said.trim()
}

const listenersOf = (signal: NodeJS.Signals) => new Set(process.listeners(signal) as (() => void)[])

test('no line of any help is wider than 80 columns, and what takes more than a name has examples that are understood', async t => {
  const all = await allHelp()
  t.ok(all.size > 55, `${all.size} commands`)
  const signals = (['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const).map(
    signal => [signal, listenersOf(signal)] as const,
  )
  for (const [command, help] of all) {
    for (const line of help.split('\n')) t.ok([...line].length <= 80, `${command}: ${line}`)
    const isNoun = /^Usage: signet \S+ \[options\] \[command\]$/m.test(help)
    const examples = examplesIn(help)
    if (isNoun || !isPlain(help)) t.ok(examples.length >= 1 && examples.length <= 5, `${command} has examples`)
    for (const example of examples) {
      const words = wordsOf(example)
      if (command !== '' && !isNoun)
        t.strictSame(words.slice(0, command.split(' ').length), command.split(' '), example)
      const said = await understood(words)
      // What is read before anything is opened: a file that is not there.
      t.match(said, new RegExp(`^(${REACHED}|There is no such file\\.)$`), example)
    }
  }
  for (const [signal, before] of signals)
    for (const listener of listenersOf(signal)) if (!before.has(listener)) process.off(signal, listener)
})

test('help begins with what a newcomer needs: what it is, first steps, where the documentation is', async t => {
  const help = await helpOf()
  t.match(help, /^Usage: signet \[options\] \[command\]\n\nOAuth 2 token service/)
  for (const heading of ['The service:', 'Who may have tokens:', 'What happens:', 'All in a file:'])
    t.ok(help.includes(`\n${heading}\n`), heading)
  t.equal(examplesIn(help)[0], 'signet serve')
  t.match(help, /Documentation: README\.md/)
  t.match(await helpOf('serve'), /SIGNET_ISSUER .*SIGNET_DATABASE_URL .*'signet config'.*docs\/configuration\.md/s)
})

test('what is required says so', async t => {
  const required = [
    ['keys revoke', '--reason'],
    ['roles add', '--permission'],
    ['roles update', '--permission'],
    ['roles grant', '--user'],
    ['roles revoke', '--user'],
    ['api-keys create', '--name'],
    ['api-keys create', '--scope'],
    ['clients add-trust', '--issuer'],
    ['clients add-trust', '--claim'],
    ['issuers test', '--client'],
  ] as const
  for (const [command, option] of required) {
    const help = (await helpOf(...command.split(' '))).replaceAll(/\n {10,}/g, ' ')
    t.match(help, new RegExp(`^ {2}${option} .*\\(required\\)$`, 'm'), `${command} ${option}`)
  }
  const oneOf = [
    ['keys revoke', /give a kid or --all/],
    ['sessions revoke', /give an id, --user or --client/],
    ['clients add-key', /give --jwk or --jwks-uri/],
    ['issuers add', /give --issuer, or --spiffe/],
    ['api-keys create', /give this or --client/],
    ['clients add', /a client with a grant needs one/],
  ] as const
  for (const [command, says] of oneOf)
    t.match((await helpOf(...command.split(' '))).replaceAll(/\s+/g, ' '), says, command)
})

test('help as a command goes to the verb, and says what may be meant', async t => {
  t.equal((await signet({}, ['help', 'users', 'add'])).stdout, await helpOf('users', 'add'))
  t.equal((await signet({}, ['help'])).stdout, await helpOf())
  t.equal((await signet({}, ['users', 'help', 'add'])).stdout, await helpOf('users', 'add'))
  const mistyped = [
    [['help', 'user'], /unknown command 'user'\n\(Did you mean users\?\)/],
    [['help', 'users', 'ad'], /unknown command 'ad'\n\(Did you mean add\?\)/],
    [['users', 'lst'], /\(Did you mean list\?\)\n+See signet users --help\n$/],
    [['users', 'list', '--serach', 'x'], /\(Did you mean --search\?\)\n+See signet users list --help\n$/],
    [['users', 'add'], /missing required argument 'name'\n+See signet users add --help\n$/],
  ] as const
  for (const [words, says] of mistyped) {
    const { code, stdout, stderr } = await signet({}, words)
    t.strictSame([code, stdout], [2, ''], words.join(' '))
    t.match(stderr, says, words.join(' '))
  }
})

test('version prints the version, whatever is wrong elsewhere', async t => {
  const broken = { SIGNET_PORT: 'none' }
  for (const words of [['version'], ['--version']])
    t.strictSame(await signet(broken, words), { code: 0, stdout: `${packageJson.version}\n`, stderr: '' })
  const { version, node } = JSON.parse((await signet(broken, ['version', '--json'])).stdout)
  t.strictSame([version, node], [packageJson.version, process.version])
})
