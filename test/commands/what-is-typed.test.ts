/** Names and secrets as people, telephones, editors and shells hand them over. */
import t from 'tap'
import { commandLine, type Refused } from '../support/command-line.ts'
import { api, password, serve } from '../support/serve.ts'

// Each has a database of its own.
t.jobs = 2

const add = (name: string) => ['users', 'add', '--password-stdin', '--', name]

t.test('a password from standard input is what people type: without a byte order mark and one line end', async t => {
  const service = await serve(t)
  const { json } = await commandLine(t, service.environment)
  await json(['clients', 'add', 'spa', '--public', '--grant', 'password', '--audience', api])
  const signsIn = async (username: string, typed: string) =>
    (await service.token({ grant_type: 'password', client_id: 'spa', username, password: typed })).status
  const cases = [
    ['unix', `${password}\n`, password],
    ['windows', `${password}\r\n`, password],
    ['marked', `\u{FEFF}${password}`, password],
    ['marked-twice', `\u{FEFF}\u{FEFF}${password}\r\n`, password],
    ['spaces', `  ${password} `, `  ${password} `],
    ['tab', `${password}\t`, `${password}\t`],
  ] as const
  await Promise.all(cases.map(([name, input]) => json(add(name), input)))
  for (const [name, input, kept] of cases) {
    t.equal(await signsIn(name, kept), 200, `${name}: ${JSON.stringify(kept)}`)
    if (input !== kept) t.equal(await signsIn(name, input), 400, `${name}: not ${JSON.stringify(input)}`)
  }
})

t.test(
  'a secret from standard input that nobody could type is refused as wrong usage, and nothing is stored',
  async t => {
    const { json, refuses } = await commandLine(t)
    await json(add('ann'), password)
    const setPassword = ['users', 'set-password', 'ann', '--password-stdin']
    const addClient = ['clients', 'add', 'web', '--secret-stdin', '--grant', 'client_credentials', '--audience', api]
    const lines = ['\n\n', '\r\n\r\n', '\r', '\r\r\n', '\n\r', '\v', '\f', '\u{85}', '\u{2028}', '\u{2029}\n']
    const utf16 = Buffer.from(`${password}\r\n`, 'utf16le')
    const wide = [utf16, Buffer.from(utf16).swap16()]
    const marked = [
      Buffer.from(`\u{FEFF}пароль длинный`, 'utf16le'),
      Buffer.from(`\u{FEFF}пароль длинный`, 'utf16le').swap16(),
    ]
    const inputs: readonly (readonly [string | Buffer, RegExp])[] = [
      ...lines.map(end => [`${password}${end}`, /has more than one line/] as const),
      [`one line of a secret\nand another of the same`, /has more than one line/],
      ...[...wide, ...marked].map(bytes => [bytes, /UTF-16.*PowerShell/] as const),
      [`${password}\u{1B}[A`, /control character/],
      [`${password}\u{7F}`, /control character/],
      [`${password}\u{FEFF}\n`, /control character/],
      [Buffer.from([0xc3, 0x28]), /is not UTF-8/],
    ]
    await refuses(
      inputs.flatMap(([input, says]) =>
        [add('new'), setPassword, addClient].map((words): Refused => ({ words, input, code: 2, says })),
      ),
    )
    const left: { username: string }[] = await json(['users', 'list'])
    t.strictSame(
      left.map(({ username }) => username),
      ['ann'],
    )
    t.strictSame(await json(['clients', 'list']), [])
  },
)

t.test('a name with white space around it, as telephones type it, is the name, but not where it is chosen', async t => {
  const service = await serve(t)
  const { json, refuses } = await commandLine(t, service.environment)
  await json(['clients', 'add', 'spa', '--public', '--grant', 'password', '--audience', api])
  const { user_id } = await json(add('Ana María'), password)
  const signsIn = async (username: string, typed = password) =>
    (await service.token({ grant_type: 'password', client_id: 'spa', username, password: typed })).status
  const around = [
    ' ',
    '  ',
    '\t',
    '\n',
    '\r\n',
    '\u{85}',
    '\u{A0}',
    '\u{2003}',
    '\u{202F}',
    '\u{2028}',
    '\u{3000}',
    '\u{FEFF} ',
  ]
  for (const space of around)
    for (const name of [`ana maría${space}`, `${space}ana maría`, `${space}ANA MARÍA${space}`]) {
      t.equal(await signsIn(name), 200, encodeURIComponent(name))
      t.equal((await json(['users', 'show', '--', name])).user_id, user_id)
    }
  t.equal(await signsIn('ana  maría'), 400, 'what is inside the name counts')
  t.equal(await signsIn('ana maría', `${password} `), 400, 'a password is what was typed')
  await refuses(
    around.map((space): Refused => {
      const says = /white space|control|format|separator/
      return { words: add(`bob${space}`), input: password, code: 1, says }
    }),
  )
})
