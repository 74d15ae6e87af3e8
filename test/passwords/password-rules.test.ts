import { execFileSync } from 'node:child_process'
import t, { type Test } from 'tap'
import { newPasswordProblem, normalizePassword } from '../../src/passwords/password-rules.ts'

const words = ['alice@example.com', 'signet']

async function refuses(t: Test, passwords: readonly string[], reason: RegExp): Promise<void> {
  for (const password of passwords) t.match(await newPasswordProblem(password, words), reason, password)
}

t.test('a password composed differently by another keyboard is the same password', async t => {
  t.equal(normalizePassword('cafe\u0301'), normalizePassword('caf\u00E9'))
  t.not(normalizePassword('ﬁ'), normalizePassword('fi'), 'compatibility forms are kept')
})

t.test('the length is counted in code points after NFC, 15 to 256', async t => {
  t.match(await newPasswordProblem('x7kq9mw2bd5hz4', words), /shorter than 15/)
  t.match(await newPasswordProblem('e\u0301'.repeat(8), words), /shorter than 15/, 'marks that NFC composes')
  t.match(await newPasswordProblem('🦊🚗🎸🌵🐙🎲🧲🪁', words), /shorter than 15/, 'surrogate pairs count once')
  t.equal(await newPasswordProblem('x7kq9mw2bd5hz4v', words), undefined)
  const long = Array.from({ length: 256 }, (_, index) => String.fromCodePoint(0x4e00 + ((index * 7919) % 20000))).join(
    '',
  )
  t.equal(await newPasswordProblem(long, words), undefined)
  t.match(await newPasswordProblem(`${long}x`, words), /longer than 256/)
})

t.test('text that hashing libraries read differently is refused: NUL and lone surrogates', async t => {
  t.match(await newPasswordProblem('a quiet river\0runs north', words), /NUL/)
  t.match(await newPasswordProblem('a quiet river\uD800runs north', words), /well-formed/)
})

t.test('a repeated unit is refused, also cut short and in changing case', async t => {
  const repeated = [
    'abcabcabcabcabc',
    'x9kx9kx9kx9kx9kx',
    'aaaaaaaaaaaaaaaa',
    'passwordpassword',
    'Zk4!pW9qzK4!Pw9',
    '🦊🚗'.repeat(9),
  ]
  await refuses(t, repeated, /repeats/)
})

t.test('a sequence is refused: alphabets, counting and keyboards, either direction, joined or doubled', async t => {
  await refuses(
    t,
    [
      ...['abcdefghijklmno', 'zyxwvutsrqponml', 'абвгдежзийклмно', '123456789012345', '987654321098765'],
      ...['qwertyuiopasdfghjkl', 'poiuytrewqlkjhg', '12345678qwertyu', '12345678QWERTYU!', '!@#$%^&*()_+qwe'],
      ...['1qaz2wsx3edc4rfv', 'qazwsxedcrfvtgb', '1q2w3e4r5t6y7u8i', 'йцукенгшщзхъфыв', 'qwertzuiopyxcvbnm'],
      ...['112233445566778', 'aabbccddeeffgghh', '111222333444555', '1-2-3-4-5-6-7-8-9', '123 456 789 012 345'],
    ],
    /sequence/,
  )
})

t.test('a common password is refused when it is repeated or filled up to the length', async t => {
  await refuses(
    t,
    [
      ...['password1234567', 'Passwordaaaaaaaa', '!!!!!password!!!!!', 'password-password', 'passwordpasswo!1'],
      ...['password8271930', 'password2024!!!!', 'letmein20242024', 'P@ssw0rd1234567', 'ｐａｓｓｗｏｒｄ1234567'],
      ...['thepassword12345', 'Monkey Monkey Monkey1', 'p.a.s.s.w.o.r.d.1.2.3.4', `password${'\u034F'.repeat(9)}1!`],
    ],
    /common password|repeats/,
  )
})

t.test('the username and the name of the service are refused like common passwords', async t => {
  await refuses(
    t,
    [
      ...[
        'signet123456789',
        'Signet-Signet-Signet!',
        'signet827193056',
        's1gn3t!!!!!!!!!!',
        '!!!sign3t!!!1984',
        'mysignetpassword',
      ],
      ...['alice@example.com', 'ALICE@example.com1', 'Alice2024Signet!', 'example!example?'],
    ],
    /username/,
  )
  t.equal(await newPasswordProblem('zqvblorf827193056', ['brumvik']), undefined, 'only the words that were given')
  t.match(await newPasswordProblem('zqvblorf827193056', ['zqvblorf']), /username/)
})

t.test('passphrases are accepted, also with common words in them', async t => {
  for (const password of [
    ...['correct horse battery staple 9', 'wrong password here 1', 'a quiet river runs north'],
    ...['correcthorsebatterystaple', 'wrongpasswordhere1', 'password for alice at home', 'monkey dragon football'],
    ...['пять зелёных чайников', '正しい馬の電池ホッチキス九つの山川', 'ψηλό βουνό και θάλασσα', 'नीला आसमान शांत नदी'],
    ...['하늘과 바람과 별과 시 그리고', 'سماء زرقاء وبحر هادئ', '🍎🚗🎸🌵🐙🏔️🎲🧲🪁🦉🧊🚲🍋🎻🧭🦊'],
  ]) {
    t.equal(await newPasswordProblem(password, words), undefined, password)
  }
})

t.test('random passwords are accepted, whatever they are made of', async t => {
  for (const password of [
    ...[
      '827193056482917',
      '420789078944491',
      '321275339001210',
      '564227896540753',
      '5550123874420199',
      '501011965765451',
    ],
    ...[
      '0dad066a028883e',
      '331568e9757a52b',
      '9f86d081884c7d659a2feaa0c55ad015',
      "kQ7'vT2!xN9@bL4#",
      '){}*!;<=+[&>:?%',
    ],
    ...['xqzjvkwpbnhgfyt', 'Zm9vYmFyIGJheiBxdXV4', '8fGh5a=3D1eMn5>'],
  ]) {
    t.equal(await newPasswordProblem(password, words), undefined, password)
  }
})

t.test('a long random string is accepted even when it is written twice', async t => {
  t.equal(await newPasswordProblem('kQ7vT2xN9bL4wZ6mR1'.repeat(2), words), undefined)
})

t.test('no sentence echoes the password or a word of it', async t => {
  for (const password of [
    'zqvblorfzqvblorf',
    'zqvblorf1234567',
    'zqv',
    'zqvblorf\0'.repeat(3),
    'zqvblorf'.repeat(40),
  ]) {
    const problem = await newPasswordProblem(password, ['zqvblorf'])
    t.type(problem, 'string')
    t.notMatch(problem, /zqv/)
  }
})

t.test('a server that sets no password never loads the list of common ones', async t => {
  const url = new URL('../../src/passwords/password-rules.ts', import.meta.url)
  const program = `
    import { createRequire } from 'node:module'
    const { newPasswordProblem } = await import(${JSON.stringify(url.href)})
    const { cache } = createRequire(${JSON.stringify(url.href)})
    const isLoaded = () => Object.keys(cache).some(file => file.includes('language-common'))
    const before = isLoaded()
    await newPasswordProblem('a quiet river runs north', [])
    console.log(before, isLoaded())`
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
  t.equal(output.trim(), 'false true')
})
