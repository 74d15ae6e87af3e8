/** Secrets that are typed: asked for when all else is known to be good, with their rule, and again when they are refused. */
import { Readable, Writable } from 'node:stream'
import { test } from 'tap'
import { createQuestions } from '../../src/commands/questions.ts'
import { commandLine, signet } from '../support/command-line.ts'
import { api, password, secret } from '../support/serve.ts'

const CTRL_C = '\x03'
const CTRL_D = '\x04'
const twice = (text: string) => `${text}\n${text}\n`
const ASKED = 'Password for bob (15 to 256 characters): \n'
const AGAIN = 'The same password again: \n'

async function atTerminal(t: Parameters<typeof commandLine>[0]) {
  const its = await commandLine(t)
  await its.json(['roles', 'add', 'editor', '--permission', 'a:b'])
  await its.json(['users', 'add', 'ann', '--password-stdin'], password)
  const typed = (words: readonly string[], input: string) => signet(its.environment, words, input, undefined, {}, true)
  const names = async () => (await its.json(['users', 'list'])).map(({ username }: { username: string }) => username)
  return { ...its, typed, names }
}

test('a password is asked for twice, with its rule, and never shown', async t => {
  const { typed, names } = await atTerminal(t)
  const { code, stdout, stderr } = await typed(['users', 'add', 'bob', '--role', 'editor'], twice(password))
  t.equal(code, 0)
  t.match(stdout, /^Added bob/)
  t.equal(stderr, ASKED + AGAIN)
  t.strictSame(await names(), ['ann', 'bob'])
  t.match(await typed(['users', 'add', 'carl', '--password-stdin'], twice(password)), { code: 0 }, 'the flag, too')
})

test('nobody is asked for a secret that could not be used', async t => {
  const { typed, json } = await atTerminal(t)
  await json(['clients', 'add', 'web', '--grant', 'client_credentials', '--audience', api])
  await json(['clients', 'add', 'spa', '--public', '--grant', 'password', '--audience', api])
  await json(['users', 'add', 'carl', '--password-stdin'], password)
  await json(['users', 'delete', 'carl'])
  const machine = ['--grant', 'client_credentials', '--audience', api, '--secret-stdin']
  const cases: readonly (readonly [words: readonly string[], says: RegExp])[] = [
    [['users', 'add', 'ANN'], /^There is a user with this name already/],
    [['users', 'add', 'carl'], /^Another user had this name/],
    [['users', 'add', 'bob', '--role', 'edtior'], /no such role/i],
    [['users', 'add', ' '], /name/],
    [['users', 'set-password', 'nobody'], /^There is no such user/],
    [['clients', 'add', 'web', ...machine], /^There is a client with this id already/],
    [['clients', 'add', 'a b', ...machine], /client/i],
    [['clients', 'add', 'new', ...machine, '--may-grant', 'nothing'], /no such role/],
    [['clients', 'add-secret', 'nobody', '--secret-stdin'], /^There is no such client/],
    [['clients', 'add-secret', 'spa', '--secret-stdin'], /^A public client has no secret/],
    [['clients', 'add-secret', 'web', '--secret-stdin', '--expires', '99999d'], /secret/],
  ]
  for (const [words, says] of cases) {
    const { code, stdout, stderr } = await typed(words, twice(password))
    t.strictSame([code, stdout], [1, ''], words.join(' '))
    t.match(stderr, says, words.join(' '))
    t.notMatch(stderr, /characters\): |again: |^ {4}at /m, `${words.join(' ')}: no prompt and no stack`)
  }
})

test('what is refused is asked for again, with the reason, three times at most', async t => {
  const { typed, names } = await atTerminal(t)
  const add = ['users', 'add', 'bob']
  const short = 'The password is shorter than 15 characters. '
  const late = await typed(add, `short\n${password}\nanother\n${twice(password)}`)
  t.equal(late.code, 0)
  t.equal(
    late.stderr,
    `${ASKED}${short}Try again.\n${ASKED}${AGAIN}The two entries of the password differ. Try again.\n${ASKED}${AGAIN}`,
  )
  const never = await typed(['users', 'add', 'carl'], 'short\nshorter\n\nlonger than all of them\n')
  t.strictSame([never.code, never.stdout], [1, ''])
  t.match(never.stderr, /Try again\.\n.*Try again\.\n.*Nothing was done\.\n$/s)
  t.strictSame(await names(), ['ann', 'bob'])
})

test('the secret of a client likewise', async t => {
  const { typed, json } = await atTerminal(t)
  const add = ['clients', 'add', 'web', '--grant', 'client_credentials', '--audience', api, '--secret-stdin']
  const { code, stderr } = await typed(add, `short\n${twice(secret)}`)
  t.equal(code, 0)
  t.match(stderr, /^Secret for web \(32 to 256 ASCII characters\): \nA client secret has 32 to 256 .*Try\sagain\.\n/s)
  t.equal((await json(['clients', 'show', 'web'])).secrets.length, 1)
  t.match(await typed(['clients', 'add-secret', 'web', '--secret-stdin'], twice(`${secret}2`)), { code: 0 })
})

test('Ctrl-C at a prompt ends with 130, the end of the input with 1, each with one line, and nothing was done', async t => {
  const { typed, names } = await atTerminal(t)
  const ends = [
    [CTRL_C, 130],
    [CTRL_D, 1],
    ['', 1],
    [`${password}\n${CTRL_C}`, 130],
    [`${password}\n`, 1],
  ] as const
  for (const words of [
    ['users', 'add', 'bob'],
    ['users', 'set-password', 'ann'],
  ])
    for (const [input, expected] of ends) {
      const { code, stdout, stderr } = await typed(words, input)
      t.strictSame([code, stdout], [expected, ''], JSON.stringify(input))
      t.match(stderr, /^(Password for .*\n)(The same password again: \n)?Nothing was done\.\n$/)
    }
  t.match(await typed(['users', 'delete', 'ann'], ''), { code: 1, stderr: /\nNothing was done\.\n$/ })
  t.strictSame(await names(), ['ann'])
})

test('a terminal shows nothing of a secret that is typed as soon as the question is there', async t => {
  const seen: string[] = []
  const stdin = Object.assign(new Readable({ read: () => undefined }), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => seen.push(isRaw ? 'hides' : 'shows'),
  })
  const stderr = new Writable({
    write(chunk, _encoding, done) {
      seen.push(String(chunk))
      if (seen.at(-1) === 'Password: ') stdin.push(`${password}\n`)
      done()
    },
  })
  t.equal(await createQuestions({ stdin, stderr }).askHidden('Password: '), password)
  t.strictSame(seen, ['hides', 'Password: ', 'shows', '\n'])
})
