/** What a table does with the place that it has, and where there are colours. */
import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { createTerminal } from '../../src/commands/terminal.ts'
import { testClock } from '../support/clock.ts'
import { commandLine, signet } from '../support/command-line.ts'
import { password } from '../support/serve.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** For the time of a test, as the shell would say it. */
function withVariables(t: Test, variables: Readonly<Record<string, string | undefined>>): void {
  const before = { ...process.env }
  t.teardown(() => {
    for (const name of Object.keys(variables)) delete process.env[name]
    Object.assign(process.env, before)
  })
  for (const [name, value] of Object.entries(variables))
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
}

async function scene(t: Test) {
  const clock = testClock()
  const its = await commandLine(t, undefined, clock)
  return {
    ...its,
    clock,
    lines: async (...words: readonly string[]) => (await its.text(words)).trimEnd().split('\n'),
    /** On a terminal. */
    shown: async (columns: number, ...words: readonly string[]) =>
      (await signet(its.environment, words, '', clock, {}, false, columns)).stdout,
  }
}

const addUser = (name: string, ...more: readonly string[]) => ['users', 'add', '--password-stdin', ...more, '--', name]

t.test('times are told from now, and rounded down', async t => {
  const { json, lines, clock } = await scene(t)
  await json(addUser('ann'), password)
  const cases: readonly (readonly [ms: number, text: string])[] = [
    [999, 'now'],
    [1000, '1 s ago'],
    [59_999, '59 s ago'],
    [60_000, '1 min ago'],
    [HOUR_MS - 1, '59 min ago'],
    [HOUR_MS, '1 h ago'],
    [47 * HOUR_MS, '47 h ago'],
    [2 * DAY_MS - 1, '47 h ago'],
    [2 * DAY_MS, '2 d ago'],
    [400 * DAY_MS + 1, '400 d ago'],
    [-1000, 'in 1 s'],
    [-3 * DAY_MS, 'in 3 d'],
  ]
  for (const [passed, text] of cases) {
    clock.advance(passed)
    const [, row] = await lines('users', 'list')
    t.equal(row, `ann   active         ${text}`)
    clock.advance(-passed)
  }
})

t.test(
  'long names are cut where others are whole, lists go on below, and marks and wide characters are counted',
  async t => {
    const { json, lines } = await scene(t)
    const roles = ['first', 'second', 'third'].map(name => `${name}-role-of-the-house`)
    for (const role of roles) await json(['roles', 'add', role, '--permission', 'a:b'])
    await json(addUser('n'.repeat(100), ...roles.flatMap(role => ['--role', role])), password)
    await json(addUser('名'.repeat(50)), password)
    await json(addUser('q\u0323ng'), password)
    t.same(await lines('users', 'list'), [
      'NAME                                  STATUS  ROLES                      CREATED',
      `${'n'.repeat(35)}…  active  first-role-of-the-house,   now`,
      '                                              second-role-of-the-house,',
      '                                              third-role-of-the-house',
      'q\u0323ng                                   active                             now',
      `${'名'.repeat(17)}…   active                             now`,
    ])
  },
)

t.test('an id is never cut: where there is no place beside it, the rest of the row stands below', async t => {
  const { json, lines } = await scene(t)
  await json(['roles', 'add', 'r', '--permission', 'a:b'])
  await json(['roles', 'add', 'n'.repeat(64), '--permission', 'a-long-permission:write', '--permission', 'c:d'])
  t.match(await lines('roles', 'list'), [
    'NAME',
    '  PERMISSIONS',
    'n'.repeat(64),
    '  a-long-permission:write c:d',
    'r',
    '  a:b',
    'signet-admin',
    /^ {2}signet:users:read /,
  ])
})

t.test('a terminal that is wider is used, one that is narrower than 80 columns is not', async t => {
  const { json, shown } = await scene(t)
  withVariables(t, { NO_COLOR: '1', FORCE_COLOR: undefined })
  await json(addUser('n'.repeat(100)), password)
  const widest = (text: string) => Math.max(...text.split('\n').map(line => line.length))
  t.ok((await shown(200, 'users', 'list')).includes('n'.repeat(100)))
  t.equal(widest(await shown(100, 'users', 'list')), 100)
  t.equal(widest(await shown(40, 'users', 'list')), 80)
})

t.test('what goes wrong is told in lines that fit a terminal, and in one line to a log', async t => {
  const { environment } = await scene(t)
  const path = `/nowhere/${'deep/'.repeat(20)}signet.sqlite`
  const elsewhere = { ...environment, SIGNET_DATABASE_URL: `file:${path}` }
  const add = ['clients', 'add', '--grant', 'password', '--audience', 'imap', '--forwards-address', 'x-real-ip', 'mail']
  const wrong = [
    { name: 'a rule', words: add },
    { name: 'the call', words: ['clients', 'add', '--grant', 'code', 'shop'] },
    { name: 'the configuration', words: ['users', 'list'], variables: { ...environment, SIGNET_REFRESH_GRACE: '1y' } },
    { name: 'a path, which is copied', words: ['users', 'list'], variables: elsewhere },
  ]
  const linesOf = async (columns: number, words: readonly string[], variables = environment) =>
    (await signet(variables, words, '', undefined, {}, false, columns)).stderr.split('\n')
  for (const { name, words, variables } of wrong) {
    const [toLog, toTerminal] = [await linesOf(0, words, variables), await linesOf(80, words, variables)]
    const isWide = (line: string) => line.length > 80
    t.ok(toLog.some(isWide), `${name}: ${toLog}`)
    t.strictSame(
      toTerminal.filter(isWide),
      toTerminal.filter(line => line.startsWith(path)),
      name,
    )
    t.strictSame(toTerminal.join(' ').split(/ +/), toLog.join(' ').split(/ +/), `${name}: the same is said`)
  }
})

t.test('a command in what is told stays in one line, so that it can be copied', async t => {
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 80 })
  const { remark } = createTerminal({ stdin: new PassThrough(), stdout: new PassThrough(), stderr, isTTY: false })
  remark('The private key of keys/3q2-7w.pem is damaged. Without a backup, run: signet keys revoke --all --reason …')
  const lines =
    'The private key of keys/3q2-7w.pem is damaged. Without a backup, run:\nsignet keys revoke --all --reason …\n'
  t.equal(String(stderr.read()), lines)
})

t.test('there are colours on a terminal, unless NO_COLOR says otherwise, and in no pipe and no JSON', async t => {
  const { json, text, shown, environment } = await scene(t)
  await json(addUser('ann'), password)
  await json(['users', 'disable', 'ann'])
  const none = {
    NO_COLOR: undefined,
    FORCE_COLOR: undefined,
    NODE_DISABLE_COLORS: undefined,
    CI: undefined,
    TMUX: undefined,
  }
  withVariables(t, { ...none, TERM: 'xterm-256color' })
  const plain = await text(['users', 'list'])
  t.notMatch(plain, '\u001b')
  const coloured = await shown(80, 'users', 'list')
  t.match(coloured, '\u001b[1mNAME\u001b[22m')
  t.match(coloured, '\u001b[33mdisabled\u001b[39m')
  t.equal(coloured.replace(/\u001b\[\d+m/g, ''), plain, 'the rest is the same')
  t.notMatch(await shown(80, 'users', 'list', '--json'), '\u001b')
  process.env['NO_COLOR'] = '1'
  t.equal(await shown(80, 'users', 'list'), plain)
  delete process.env['NO_COLOR']
  process.env['FORCE_COLOR'] = '1'
  t.equal((await signet(environment, ['users', 'list'])).stdout.includes('\u001b'), false, 'a pipe stays one')
})
