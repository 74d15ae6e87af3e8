import t from 'tap'
import { commandLine, type Refused } from '../support/command-line.ts'
import { password } from '../support/serve.ts'
import { changeEach } from '../support/sqlite.ts'

// Each has a database of its own.
t.jobs = 2

const add = (name: string, ...more: readonly string[]) => ['users', 'add', '--password-stdin', ...more, '--', name]

t.test('list takes a part of a name in any letter case, a status, a role and a limit, and all must hold', async t => {
  const { json, refuses } = await commandLine(t)
  await json(['roles', 'add', 'editor', '--permission', 'posts:write'])
  const names = ['Straße', 'ann_100%', 'ANNA', 'bob', 'joanna']
  for (const name of names) await json(add(name, ...(name === 'bob' ? [] : ['--role', 'editor'])), password)
  await json(['users', 'disable', 'anna'])
  await json(['users', 'delete', 'joanna'])
  const listed = async (...words: readonly string[]): Promise<string[]> =>
    (await json(['users', 'list', ...words])).map(({ username }: { username: string }) => username).toSorted()
  const cases: readonly (readonly [words: readonly string[], names: readonly string[]])[] = [
    [[], ['ANNA', 'Straße', 'ann_100%', 'bob']],
    [
      ['--search', 'aNN'],
      ['ANNA', 'ann_100%'],
    ],
    [
      ['--search', 'ＡＮＮ'],
      ['ANNA', 'ann_100%'],
    ],
    [['--search', 'STRASS'], ['Straße']],
    [['--search', '%'], ['ann_100%']],
    [['--search', '_'], ['ann_100%']],
    [
      ['--search', ''],
      ['ANNA', 'Straße', 'ann_100%', 'bob'],
    ],
    [['--search', 'carol'], []],
    [
      ['--status', 'active'],
      ['Straße', 'ann_100%', 'bob'],
    ],
    [['--status', 'disabled'], ['ANNA']],
    [['--status', 'deleted'], ['joanna']],
    [
      ['--role', 'editor'],
      ['ANNA', 'Straße', 'ann_100%'],
    ],
    [['--role', 'editor', '--search', 'ann', '--status', 'active'], ['ann_100%']],
    [
      ['--search', 'ann', '--limit', '2'],
      ['ANNA', 'ann_100%'],
    ],
  ]
  for (const [words, expected] of cases) t.same(await listed(...words), expected.toSorted(), words.join(' '))
  const list = (...words: readonly string[]) => ['users', 'list', ...words]
  await refuses([
    { words: list('--status', 'nonsense'), code: 2, says: /one of active, disabled, deleted/ },
    ...['0', '-1', '1.5', 'ten', '', '100001'].map(
      (limit): Refused => ({ words: list('--limit', limit), code: 2, says: /a whole number from 1 to 100000/ }),
    ),
    { words: list('--role', 'nonsense'), code: 1, says: /^There is no such role\.\n$/ },
  ])
})

t.test(
  'list shows 1,000 users unless it is told otherwise, and says on standard error that there may be more',
  async t => {
    const { environment, json, run } = await commandLine(t)
    await json(add('user-1000'), password)
    const insert =
      'insert into users (id, username, username_key, status, password_hash, password_id, created_at_ms) values (?, ?, ?, ?, ?, ?, ?)'
    const rowOf = (at: number) => [`user_${at}`, `user-${at}`, `user-${at}`, 'active', 'none', `password_${at}`, 1]
    const database = (environment['SIGNET_DATABASE_URL'] ?? '').replace(/^file:/, '')
    changeEach(
      database,
      insert,
      Array.from({ length: 1000 }, (_, at) => rowOf(at + 1001)),
    )
    const counted = async (...words: readonly string[]) => {
      const { code, stdout, stderr } = await run(['users', 'list', '--json', ...words])
      return [code, JSON.parse(stdout).length, stderr]
    }
    const says = (limit: number) => `No more than ${limit} are shown: narrow it, or give a higher --limit\n`
    t.same(await counted(), [0, 1000, says(1000)])
    t.same(await counted('--limit', '1001'), [0, 1001, says(1001)])
    t.same(await counted('--limit', '1002'), [0, 1001, ''])
    t.same(await counted('--search', 'user-1000'), [0, 1, ''])
  },
)
