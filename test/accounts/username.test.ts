import t from 'tap'
import { mixedScriptsProblem, usernameKey, usernameProblem } from '../../src/accounts/username.ts'

const sameAccount: [string, string][] = [
  ['Alice', 'alice'],
  ['ＡＬＩＣＥ', 'alice'],
  ['straße', 'STRASSE'],
  ['STRAẞE', 'strasse'],
  ['ΟΔΥΣΣΕΥΣ', 'οδυσσευς'],
  ['οδυσσευσ', 'οδυσσευς'],
  ['José', 'JOSE\u0301'],
  ['ﬁona', 'FIONA'],
  ['al\u034Fice', 'alice'],
  ['\u1F80', '\u03B1\u0345\u0313'],
  ['alice ', 'alice'],
  ['\u3000\tAlice\u0085', 'alice'],
  ['\u200B alice', 'alice'],
]

t.test('one account for every way to write a username', async t => {
  for (const [one, other] of sameAccount) t.equal(usernameKey(one), usernameKey(other), `${one} and ${other}`)
})

t.test('different usernames stay different accounts', async t => {
  for (const [one, other] of [
    ['alice', 'alicе'],
    ['jose', 'josé'],
    ['a.b', 'ab'],
    ['alice', 'alice2'],
    ['a b', 'ab'],
    ['\u00B4a', 'a'],
  ] as const) {
    t.not(usernameKey(one), usernameKey(other), `${one} and ${other}`)
  }
})

t.test('a stored key is its own key, for every character', async t => {
  const unstable: string[] = []
  for (let codePoint = 0; codePoint <= 0x10ffff; codePoint++) {
    const char = String.fromCodePoint(codePoint)
    const key = usernameKey(char)
    const variants = [key, char.toUpperCase(), char.toLowerCase(), char.normalize('NFD')].filter(
      other => other !== char,
    )
    if (variants.some(variant => usernameKey(variant) !== key)) unstable.push(`U+${codePoint.toString(16)}`)
  }
  t.same(unstable, [])
})

t.test(
  'the longest name has one key in each of its forms, and what is longer than any form is left as it is',
  async t => {
    const longest = '\u{FDFA}'.repeat(128)
    t.equal(usernameKey(longest.normalize('NFKD')), usernameKey(longest))
    t.equal(usernameKey(usernameKey(longest)), usernameKey(longest))
    const longer = ` ${'A\u0301\u0323'.repeat(1000)} `
    t.equal(usernameKey(longer), longer)
  },
)

t.test('accents and an iota subscript give one key in whatever order they were composed', async t => {
  for (const text of ['\u1FBC\u0302', '\u0391\u0345\u0302', '\u0391\u0302\u0345']) {
    const key = usernameKey(text)
    t.equal(usernameKey(key), key)
    t.equal(usernameKey(text.normalize('NFD').toUpperCase()), key)
  }
})

t.test('ordinary usernames in any script are accepted', async t => {
  const usernames = [
    'a',
    'alice',
    'alice@example.com',
    'Ana María',
    'οδυσσεύς',
    '山田太郎',
    'नीला',
    '❤️',
    'a'.repeat(128),
  ]
  for (const username of [...usernames, '😀'.repeat(128)]) t.equal(usernameProblem(username), undefined, username)
})

const refused: [string, string, RegExp][] = [
  ['an empty one', '', /empty/],
  ['129 characters', 'a'.repeat(129), /longer than 128/],
  ['129 characters beyond the basic plane', '😀'.repeat(129), /longer than 128/],
  ['a lone surrogate', 'ali\uD800ce', /well-formed/],
  ['a NUL', 'ali\0ce', /control/],
  ['a line feed', 'ali\nce', /control/],
  ['a right-to-left override', 'ali\u202Ece', /format/],
  ['a zero-width space', 'ali\u200Bce', /format/],
  ['a private-use character', 'ali\uE000ce', /private/],
  ['an unassigned character', 'ali\u0378ce', /unassigned/],
  ['a line separator', 'ali\u2028ce', /separator/],
  ['a paragraph separator', 'ali\u2029ce', /separator/],
  ['leading white space', ' alice', /begins or ends/],
  ['trailing white space', 'alice\u3000', /begins or ends/],
  ['nothing but white space', ' ', /begins or ends/],
  ['nothing but an invisible letter', '\u3164', /no visible/],
]

t.test('a username that could deceive or break a log line is refused with the reason', async t => {
  for (const [name, username, reason] of refused) t.match(usernameProblem(username), reason, name)
})

const scripts: readonly (readonly [username: string, isMixed: boolean])[] = [
  ['alice', false],
  ['алиса', false],
  ['αλίκη', false],
  ['alice-2_x@example.com', false],
  ['山田taro', false],
  ['नीला-neela', false],
  ['ёлка 42 ❤️', false],
  ['Ünï∂', false],
  ['аlice', true],
  ['alicе', true],
  ['ALICΕ', true],
  ['αлиса', true],
  ['иван@example.com', true],
  ['山田taroи', true],
  // What stands for a letter, and has no script of its own.
  ['alice-µ', true],
  ['алиса-𝛼', true],
  ['алиса-Å', true],
  ['αλίκη-Ⅷ', true],
  ['алиса-ｘ', true],
  ['𝐚𝐥𝐢𝐜𝐞', false],
]

t.test('a name that mixes Latin, Greek and Cyrillic letters is known by their scripts', async t => {
  for (const [username, isMixed] of scripts)
    t.equal(
      mixedScriptsProblem(username),
      isMixed ? 'The username mixes Latin, Greek and Cyrillic letters.' : undefined,
      username,
    )
})
