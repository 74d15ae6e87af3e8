/** What destroys is asked about at a terminal, with what goes; scripts are not asked. */
import t from 'tap'
import { signet } from '../support/command-line.ts'
import { machines } from '../support/machines.ts'

const another = 'another horse battery staple 9'

t.test('each act that destroys says what goes and asks; what is no yes does nothing', async t => {
  const its = await machines(t)
  const { service, json, make, device } = its
  const typed = (words: readonly string[], input: string) =>
    signet(service.environment, words, input, its.clock, {}, true)
  const { sid } = await device()
  await device()
  const { api_key, api_key_id } = await make()
  await its.given(api_key)
  await make()
  await its.ask()
  const { secrets } = await json(['clients', 'show', 'worker'])
  const [{ kid }] = await json(['keys', 'list'])
  const used = new Date(its.clock.now()).toISOString()
  const before = await json(['clients', 'show', 'account'])

  const acts: readonly (readonly [words: readonly string[], says: string])[] = [
    [
      ['api-keys', 'revoke', api_key_id],
      `This revokes the API key ci of alice for good, and ends the access tokens of 1 credential.`,
    ],
    [
      ['api-keys', 'revoke', '--user', 'alice'],
      'This revokes 1 API key of alice for good, and ends no live access token.',
    ],
    [
      ['clients', 'update', 'account', '--scope', before.scope[0]],
      `This takes ${before.scope.slice(1).join(' and ')} from account and ends the access tokens of 2 sessions; sessions go on.`,
    ],
    [
      ['clients', 'remove-secret', 'worker', secrets[0].id],
      `This removes the secret ${secrets[0].id} of worker for good. It was last used at ${used}; the access tokens that worker got with it end.`,
    ],
    [['clients', 'disable', 'worker'], 'This disables worker and ends no sessions.'],
    [['clients', 'delete', 'worker'], 'This deletes worker for good, with no sessions.'],
    [['sessions', 'revoke', sid], 'This ends 1 session (none with a live access token).'],
    [['sessions', 'revoke', '--user', 'alice'], 'This ends 1 session (none with a live access token).'],
    [
      ['roles', 'update', 'editor', '--permission', 'posts:read'],
      'This takes posts:write from editor, held by 1 user, and ends no live access token; sessions go on.',
    ],
    [
      ['roles', 'revoke', 'editor', '--user', 'alice'],
      'This takes editor from alice and ends no live access token; sessions go on.',
    ],
    [
      ['roles', 'delete', 'editor'],
      'This deletes editor for good, takes it from no users, and ends no live access token; sessions go on.',
    ],
    [['users', 'disable', 'alice'], 'This disables alice and ends no sessions.'],
    [['users', 'delete', 'alice'], 'This deletes alice for good, with no sessions.'],
    [
      ['keys', 'revoke', kid, '--reason', 'it leaked'],
      `${kid} leaves the JWKS at once. This ends the access tokens of no sessions; each gets a new one at its next refresh.`,
    ],
    [
      ['keys', 'revoke', '--all', '--reason', 'they leaked'],
      'Every key leaves the JWKS at once, and new ones sign that no verifier has seen yet. This ends the access tokens of no sessions; each gets a new one at its next refresh.',
    ],
  ]
  const everything = async () => [
    await json(['api-keys', 'list']),
    await json(['clients', 'list']),
    await json(['sessions', 'list']),
    await json(['roles', 'list']),
    await json(['users', 'list']),
    await json(['keys', 'list']),
  ]
  for (const [words, says] of acts) {
    const before = await everything()
    const answers = says === acts[0]?.[1] ? ['', '\n', 'n\n', 'yess\n', 'no\n', 'y y\n'] : ['n\n']
    for (const answer of answers) {
      const { code, stdout, stderr } = await typed([...words, '--json'], answer)
      t.strictSame([code, stdout], [1, ''], `${words.join(' ')}: ${answer.trim()}`)
      t.equal(stderr.replace(/\s+/g, ' ').trim(), `${says} Go on? [y/N] Nothing was done.`)
    }
    t.strictSame(await everything(), before, 'nothing has happened')
    const { code, stdout } = await typed([...words, '--json'], words.length > 3 ? ' YES \n' : 'y\n')
    t.equal(code, 0, words.join(' '))
    t.ok(JSON.parse(stdout), 'the answer alone is on standard output')
    t.notSame(await everything(), before)
  }
})
t.test('a new password asks where something ends by it, before the password is asked for', async t => {
  const { service, device, make, clock, json } = await machines(t)
  const typed = (input: string) =>
    signet(service.environment, ['users', 'set-password', 'alice'], input, clock, {}, true)
  const twice = `${another}\n${another}\n`
  const { code, stderr } = await typed(twice)
  t.equal(code, 0)
  t.notMatch(stderr, /Go on/, 'nothing ends')
  await device({ password: another })
  await make()
  const refused = await typed('n\n')
  t.equal(refused.code, 1)
  t.match(
    refused.stderr,
    /^A new password for alice ends 1 session \(1 with a live access token\) and revokes 1 API key\.\nGo on\? \[y\/N\] Nothing was done\.\n$/,
  )
  t.equal((await json(['sessions', 'list'])).length, 1)
  t.match(await typed(`y\n${twice}`), { code: 0, stdout: 'Set the password of alice\n' })
  t.strictSame(await json(['sessions', 'list']), [])
})

t.test('with --yes nobody is asked, nor without a terminal, and what is not there is told first', async t => {
  const { service, json, clock } = await machines(t)
  const typed = (...words: readonly string[]) => signet(service.environment, words, '', clock, {}, true)
  t.match(await typed('roles', 'delete', 'editor', '--yes'), { code: 0, stderr: '' })
  t.match(await typed('clients', 'delete', 'worker', '--yes'), { code: 0, stderr: '' })
  t.match(await typed('sessions', 'revoke', '--user', 'alice', '--yes'), { code: 0, stderr: '' })
  await json(['users', 'delete', 'alice'])
  await json(['clients', 'delete', 'broker', '--yes'])
  for (const [noun, what] of [
    ['users', 'user'],
    ['roles', 'role'],
    ['clients', 'client'],
  ] as const)
    t.match(await typed(noun, 'delete', 'nobody'), { code: 1, stderr: `There is no such ${what}.\n` })
  t.match(await typed('clients', 'remove-secret', 'web-app', 'secret_0'), {
    code: 1,
    stderr: /^There is no such secret/,
  })
  t.match(await typed('api-keys', 'revoke', 'key_0'), { code: 1, stderr: /^There is no such API key/ })
})
