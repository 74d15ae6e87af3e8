import t from 'tap'
import { auditScene, type Event, MINUTE_MS, summary } from '../support/audit-scene.ts'
import { testClock } from '../support/clock.ts'
import { commandLine, type Refused } from '../support/command-line.ts'
import { byTest, password, refresh, signIn } from '../support/serve.ts'

// Each has a service of its own.
t.jobs = 2

t.test('filters combine, a noun stands for its types, and of more than the limit the newest are shown', async t => {
  const { service, list, run, typed, clock } = await auditScene(t)
  const untilSignIn = new Date(clock.now()).toISOString()
  clock.advance(MINUTE_MS)
  await typed('alice', password, '203.0.113.9')
  await typed('alice', 'a wrong password 1', '2001:db8::7')
  const tokens = await signIn(service)
  await refresh(service, tokens.body.refresh_token)
  await service.users.setStatus('alice', 'disabled', byTest)
  await service.stop()
  const all = await list()
  const found = async (...words: readonly string[]) => summary(await list(...words))
  t.same(await found('--type', 'user.sign_in', '--outcome', 'failure'), ['user.sign_in failure wrong_password'])
  t.same(await found('--address', '203.0.113.9'), ['user.sign_in success'])
  t.same(await found('--address', '2001:0DB8:0::7'), ['user.sign_in failure wrong_password'])
  t.same(await found('--address', '192.0.2.1'), [])
  t.same(await found('--client', 'spa', '--type', 'user'), [
    'user.sign_in success',
    'user.sign_in failure wrong_password',
  ])
  t.same(await found('--type', 'role', '--type', 'client.add'), [
    'role.add success',
    'role.grant success',
    'client.add success',
    'client.add success',
  ])
  const { client } = all.find(event => event['client_id'] === 'web-app') as Event
  t.same(await list('--client', String(client)), await list('--client', 'web-app'))
  t.same(await found('--until', untilSignIn, '--type', 'user', '--user', 'alice'), ['user.add success'])
  t.same(await list('--limit', '2'), all.slice(-2))
  const { stdout, stderr } = await run(['audit', 'list', '--json', '--limit', '2'])
  t.same(JSON.parse(stdout), all.slice(-2))
  t.equal(stderr, 'These are the newest 2: narrow it, or give a higher --limit\n')
  t.equal((await run(['audit', 'list', '--limit', String(all.length)])).stderr, '')
})

t.test('--since and --until are durations, days and times, in UTC unless they say otherwise', async t => {
  const clock = testClock(Date.parse('2026-03-10T12:00:00Z'))
  const { json, refuses } = await commandLine(t, undefined, clock)
  const add = async (name: string, atMs: number) => {
    clock.advance(atMs - clock.now())
    await json(['roles', 'add', name, '--permission', 'a:b'])
  }
  await add('evening', Date.parse('2026-03-10T22:30:00Z'))
  await add('night', Date.parse('2026-03-11T02:00:00.500Z'))
  await add('morning', Date.parse('2026-03-11T08:00:00Z'))
  const found = async (...words: readonly string[]): Promise<string[]> =>
    (await json(['audit', 'list', ...words])).map(({ target }: Event) => target)
  const cases: readonly (readonly [words: readonly string[], found: readonly string[]])[] = [
    [
      ['--since', '7h'],
      ['night', 'morning'],
    ],
    [['--since', '5h'], ['morning']],
    [['--until', '7h'], ['evening']],
    [
      ['--since', '2026-03-11'],
      ['night', 'morning'],
    ],
    [['--until', '2026-03-11'], ['evening']],
    [['--since', '2026-03-10T22:30', '--until', '2026-03-11T02:00'], ['evening']],
    [
      ['--since', '2026-03-11T03:00:00.500+01:00'],
      ['night', 'morning'],
    ],
    [['--since', '2026-03-11 02:00:00.501Z'], ['morning']],
  ]
  for (const [words, expected] of cases) t.same(await found(...words), expected, words.join(' '))
  const wrong = (option: string, value: string, says: RegExp): Refused => ({
    words: ['audit', 'list', option, value],
    code: 2,
    says,
  })
  await refuses([
    ...['yesterday', '2026-02-31', '2026-03-11T25:00', '2026-3-1', '12', '', '1y'].map(when =>
      wrong('--since', when, /It is a duration such as 12h or 30d, or a time/),
    ),
    ...['sign_in', 'user.', 'user.frobnicate', ''].map(type => wrong('--type', type, /It is one of .*user\.sign_in/)),
    wrong('--outcome', 'maybe', /one of success, failure/),
    ...['300.1.1.1', 'localhost', '10.0.0.0/8', 'fe80::1%eth0'].map(address =>
      wrong('--address', address, /an IP address/),
    ),
    wrong('--limit', '0', /a whole number from 1 to 100000/),
    { words: ['audit', 'tail', '-n', '1001'], code: 2, says: /a whole number from 0 to 1000/ },
  ])
})
