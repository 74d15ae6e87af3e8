/** What can't be undone is asked about at a terminal, with what goes; scripts are not asked. */
import t from 'tap'
import { signet } from '../support/command-line.ts'
import { machines } from '../support/machines.ts'

t.test('each act that destroys says what goes and asks; what is no yes does nothing', async t => {
  const its = await machines(t)
  const { service, json, make, device } = its
  const typed = (words: readonly string[], input: string) =>
    signet(service.environment, words, input, its.clock, {}, true)
  const { sid } = await device()
  await device()
  const { api_key_id } = await make()
  await make()
  await its.ask()
  const { secrets } = await json(['clients', 'show', 'worker'])
  const [{ kid }] = await json(['keys', 'list'])
  const used = new Date(its.clock.now()).toISOString()

  const acts: readonly (readonly [words: readonly string[], says: string])[] = [
    [['api-keys', 'revoke', api_key_id], 'The API key ci of alice goes for good.'],
    [['api-keys', 'revoke', '--user', 'alice'], 'For good go, of alice, 1 API key.'],
    [
      ['clients', 'remove-secret', 'worker', secrets[0].id],
      `${secrets[0].id} of worker goes for good. It was used last at ${used}.`,
    ],
    [['clients', 'delete', 'worker'], 'worker goes for good, with 0 sessions, 0 credentials, 0 API keys.'],
    [['sessions', 'revoke', sid], 'What ends for good: 1 session.'],
    [['sessions', 'revoke', '--user', 'alice'], 'What ends for good: 1 session.'],
    [['roles', 'delete', 'editor'], 'editor goes for good, and is taken from 1 user.'],
    [['users', 'delete', 'alice'], 'alice goes for good, with 0 sessions, 0 API keys.'],
    [
      ['keys', 'revoke', kid, '--reason', 'it leaked'],
      `${kid} leaves the JWKS at once, and no token that it signed is good any more.`,
    ],
    [
      ['keys', 'revoke', '--all', '--reason', 'they leaked'],
      'Every key leaves the JWKS at once, and no token that it signed is good any more.',
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
    for (const answer of ['', '\n', 'n\n', 'yess\n', 'no\n', 'y y\n']) {
      const { code, stdout, stderr } = await typed([...words, '--json'], answer)
      t.strictSame([code, stdout], [1, ''], `${words.join(' ')}: ${answer.trim()}`)
      t.equal(stderr.replaceAll('\n', ' ').trim(), `${says} Go on? [y/N] Nothing was done.`)
    }
    t.strictSame(await everything(), before, 'nothing has happened')
    const { code, stdout } = await typed([...words, '--json'], words.length > 3 ? ' YES \n' : 'y\n')
    t.equal(code, 0, words.join(' '))
    t.ok(JSON.parse(stdout), 'the answer alone is on standard output')
    t.notSame(await everything(), before)
  }
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
