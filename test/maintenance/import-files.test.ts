/** What holds the people of a file: lines of JSON, large JSON, rows. Wherever a piece of the bytes ends, the same is read. */
import t from 'tap'
import { RecordRefused } from '../../src/maintenance/import/person.ts'
import { readPeople } from '../../src/maintenance/import/read-people.ts'
import { inPieces, peopleIn } from '../support/import-files.ts'

const signet = { format: 'signet' } as const
const keycloak = { format: 'keycloak' } as const
const firebase = { format: 'firebase' } as const

const named = (username: string) => ({ username, hash: null, roles: [], status: 'active', userId: undefined })
const ann = '{"username":"ann","password_hash":null}'
const bob = '{"username":"bob","password_hash":null}'
const KIB_64 = 64 * 1024

/** What is found, at every place a piece of the bytes may end, with names alone of the people. */
async function namesIn(content: string | Buffer, format: Parameters<typeof peopleIn>[1] = signet) {
  const sizes = Buffer.byteLength(content) > 2000 ? [1000, 256 * 1024] : [1, 2, 3, 7, 256 * 1024]
  const all = await Promise.all(
    sizes.map(async size => {
      const { found } = await peopleIn(inPieces(content, size), format)
      return found.map(([place, person]) => [place, (person as { username?: string }).username ?? person])
    }),
  )
  const [first] = all
  for (const other of all) t.strictSame(other, first)
  return first
}

const refusal = async (content: string | Buffer, format: Parameters<typeof peopleIn>[1] = signet): Promise<string> => {
  const error = await namesIn(content, format).then(
    () => new Error('It was not refused.'),
    (error: Error) => error,
  )
  return `${error.name}: ${error.message}`
}

t.test('lines: blank ones, those of Windows, a byte order mark, and no end behind the last', async t => {
  const { found, reading } = await peopleIn(inPieces(`\u{FEFF}${ann}\r\n\r\n  \n${bob}`, 5), signet)
  t.strictSame(found, [
    ['line 1', named('ann')],
    ['line 4', named('bob')],
  ])
  t.equal(reading.bytesRead(), Buffer.byteLength(`\u{FEFF}${ann}\r\n\r\n  \n${bob}`))
  t.strictSame(await namesIn(`${ann}\n${bob}\n`), [
    ['line 1', 'ann'],
    ['line 2', 'bob'],
  ])
})

t.test('lines: one that is broken, no UTF-8 or too long refuses itself, and the next are read', async t => {
  const content = Buffer.concat([
    Buffer.from(`${ann}\n{"username":\n`),
    Buffer.from([0x7b, 0xc3, 0x28, 0x7d, 0x0a]),
    Buffer.from(`[1]\nnull\n"text"\n${' '.repeat(KIB_64)}x\n${bob}\n`),
  ])
  t.strictSame(await namesIn(content), [
    ['line 1', 'ann'],
    ['line 2', 'It is no JSON.'],
    ['line 3', 'The line is not UTF-8.'],
    ['line 4', 'It is no JSON object.'],
    ['line 5', 'It is no JSON object.'],
    ['line 6', 'It is no JSON object.'],
    ['line 7', 'The line has more than 64 KiB.'],
    ['line 8', 'bob'],
  ])
  const longest = `${ann.slice(0, -1)}${' '.repeat(KIB_64 - ann.length)}}`
  t.strictSame(await namesIn(`${longest}\n${bob}`), [
    ['line 1', 'ann'],
    ['line 2', 'bob'],
  ])
})

t.test('what is no file of people is refused as a whole', async t => {
  t.equal(await refusal(''), 'FileRefused: The file is empty.')
  t.equal(await refusal(' \n\n '), 'FileRefused: The file is empty.')
  t.match(await refusal(Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3])), /^FileRefused: .*compressed/)
  t.match(await refusal(Buffer.from(`\u{FEFF}${ann}`, 'utf16le')), /^FileRefused: .*UTF-16/)
  t.match(await refusal(Buffer.from(ann, 'utf16le')), /^FileRefused: .*UTF-16/)
  t.match(await refusal('hello\nworld\n'), /^FileRefused: .*no JSON.*no header/)
})

t.test('a list of records, on one line or on many', async t => {
  const expected = [
    ['user 1', 'ann'],
    ['user 2', 'bob'],
  ]
  t.strictSame(await namesIn(`[${ann},${bob}]`), expected)
  t.strictSame(await namesIn(`\u{FEFF} [\n ${ann} ,\r\n\t${bob}\n]\n`), expected)
  t.strictSame(await namesIn(JSON.stringify([JSON.parse(ann), JSON.parse(bob)], null, 2)), expected)
  t.strictSame(await namesIn(`[{\n"username":"ann",\n"password_hash":null},${bob}]`), expected)
  t.strictSame(await namesIn('[]'), [])
})

t.test('objects one after the other, each on several lines, as jq writes them', async t => {
  const pretty = (text: string) => JSON.stringify(JSON.parse(text), null, 2)
  const expected = [
    ['user 1', 'ann'],
    ['user 2', 'bob'],
  ]
  t.strictSame(await namesIn(`${pretty(ann)}\n${pretty(bob)}\n`), expected)
  t.strictSame(await namesIn(`${pretty(ann)}\n${pretty(bob)}\n`, keycloak), expected)
  t.strictSame(await namesIn('{\n}\n{\n}'), [
    ['user 1', 'There is no username.'],
    ['user 2', 'There is no username.'],
  ])
})

t.test('an element that is broken, no object or too large refuses itself', async t => {
  const large = JSON.stringify({ username: 'x'.repeat(KIB_64) })
  const content = Buffer.concat([
    Buffer.from(`[{"username" "ann"},1,"two",[3],{"a":[}},${large},`),
    Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
    Buffer.from(
      `,${'['.repeat(1_000_000)}${']'.repeat(1_000_000)},{"a":${'['.repeat(9000)}${']'.repeat(9000)}},${bob}]`,
    ),
  ])
  t.strictSame(await namesIn(content), [
    ['user 1', 'It is no JSON.'],
    ['user 2', 'It is no JSON object.'],
    ['user 3', 'It is no JSON object.'],
    ['user 4', 'It is no JSON object.'],
    ['user 5', 'It is no JSON.'],
    ['user 6', 'It has more than 64 KiB.'],
    ['user 7', 'It is not UTF-8.'],
    ['user 8', 'It has more than 64 KiB.'],
    ['user 9', 'The members are username, password_hash, roles, status, user_id, and a is none of them.'],
    ['user 10', 'bob'],
  ])
})

t.test('a document: its users wherever they stand, and nothing that only looks like them', async t => {
  const users = `[${ann},${bob}]`
  const expected = [
    ['user 1', 'ann'],
    ['user 2', 'bob'],
  ]
  const documents = [
    `{"users":${users}}`,
    `{"realm":"r","users":${users},"roles":{"realm":[]}}`,
    `{"roles":{"users":[{"username":"eve"}]},"users":${users}}`,
    `{"a":"\\"users\\":[{","b":"\\\\","users":${users},"c":["users",{"users":[1]}]}`,
    `{"\\u0075sers":${users}}`,
    `{"large":"${'x'.repeat(3 * KIB_64)}","users":${users}}`,
    `{"deep":${'['.repeat(100_000)}${']'.repeat(100_000)},"users":${users}}`,
    `{"n":-1.5e3,"t":true,"z":null,"users":${users},"f":false}`,
    JSON.stringify({ realm: 'r', users: JSON.parse(users), clients: [{ users: 'none' }] }, null, 2),
    `{"users":[${ann}]}\n{"users":[${bob}]}`,
    `{"users":[]}${ann}{"users":[${bob}]}`,
  ]
  for (const document of documents) t.strictSame(await namesIn(document, keycloak), expected, document.slice(0, 60))
  t.strictSame(await namesIn('{"users":[]}', keycloak), [])
})

t.test('a document whose structure is broken is refused with its line', async t => {
  const broken: Record<string, RegExp> = {
    [`{"realm":"r",\n"users":[${ann}\n${bob}]}`]: /line 3: neither a comma nor \] follows/,
    [`{"realm":"r",\n"users":[${ann},\n`]: /line 3: the file ends before a value/,
    [`{"realm":"r",\n"users":[${ann},\n]}`]: /line 3: a value is missing/,
    [`{"realm":"r",\n"users":[${ann}`]: /line 2: neither a comma nor \] follows/,
    [`{"realm":"r",\n"users":[{"username":"ann`]: /line 2: the file ends within a value/,
    [`{"realm":"r",\n"users":[{"username":"ann\n"},${bob}]}`]: /line 2: a text ends with its line/,
    [`{"realm":"r",\n"users":{}}`]: /line 2: the member users is no list/,
    [`{"users":[${ann}],\n"users":[${bob}]}`]: /line 2: there is a second member users/,
    [`{"realm"\n"r","users":[]}`]: /line 2: no colon follows/,
    [`{"realm":\n`]: /line 2: the file ends before a value/,
    [`{realm:"r"}`]: /line 1: the name of a member is missing/,
    [`{"users":[${ann}]}\n]`]: /line 2: neither an object nor a list begins/,
    [`{"users":[${ann}}]`]: /line 1: neither a comma nor \] follows/,
    [`[${ann}`]: /line 1: neither a comma nor \] follows/,
    [`[${ann}}`]: /line 1: neither a comma nor \] follows/,
    [`[`]: /line 1: the file ends before a value/,
  }
  for (const [document, says] of Object.entries(broken)) t.match(await refusal(document, keycloak), says, document)
})

t.test('all realms in one file, and a realm without its users', async t => {
  const realm = {
    id: 'r',
    realm: 'r',
    roles: { realm: [] },
    clients: ['x'.repeat(2 * KIB_64)],
    users: [JSON.parse(ann)],
  }
  const says = /^FileRefused: The file is a list of documents with users.*Export one alone/
  t.match(await refusal(JSON.stringify([{ realm: 'small', users: [] }]), keycloak), says)
  t.match(await refusal(JSON.stringify([realm, realm], null, 2), keycloak), says)
  const { users, ...without } = realm
  t.match(await refusal(JSON.stringify([{ users, ...without }]), keycloak), says)
  const large = [['user 1', 'It has more than 64 KiB. A document with users has a member users.']]
  t.strictSame(await namesIn(JSON.stringify(without), keycloak), large)
  const partial = /^It is a realm without users\. kc\.sh export/
  t.match(await namesIn('{"realm":"r","roles":{}}', keycloak), [['line 1', partial]])
  t.match(await namesIn('{\n"realm":"r","roles":{}}', keycloak), [['user 1', partial]])
})

t.test("a document's hash_config is given, wherever it stands, once the document has been read", async t => {
  const config = { algorithm: 'SCRYPT', rounds: 8, mem_cost: 14 }
  const text = `"hash_config":${JSON.stringify(config)}`
  const user = '{"localId":"1","email":"ann@example.com","hash_config":{"not":"this"}}'
  for (const document of [`{${text},"users":[${user}]}`, `{"users":[${user}],\n${text}}`]) {
    const { reading } = await peopleIn(inPieces(document, 3), firebase)
    t.strictSame(reading.hashConfig(), config)
  }
  const { reading } = await peopleIn(inPieces(`{"users":[${user}]}`, 3), firebase)
  t.equal(reading.hashConfig(), undefined)
  t.match(await refusal(`{"users":[],${text}}{"users":[],${text}}`, firebase), /There are two members hash_config/)
  t.match(await refusal('{"users":[],"hash_config":"SCRYPT"}', firebase), /hash_config can't be read/)
  t.match(
    await refusal(`{"users":[],"hash_config":{"a":"${'x'.repeat(KIB_64)}"}}`, firebase),
    /hash_config can't be read/,
  )
})

t.test('rows: commas or tabs, quoted fields, and what has no value', async t => {
  const person = (username: string, hash: string | null, roles: string[] = []) => ({ ...named(username), hash, roles })
  const commas = [
    '\u{FEFF} username ,password_hash,"roles"\r\n',
    'ann,"$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA","editor, author"\r\n',
    '\r\n',
    '"bob ""the"" builder",$2b$10$x,\r\n',
    '"two\nlines",\\N,NULL\r\n',
    '"NULL","\\N","a b"',
  ].join('')
  const { found } = await peopleIn(inPieces(commas, 3), signet)
  t.strictSame(found, [
    ['line 2', person('ann', '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA', ['editor', 'author'])],
    ['line 4', person('bob "the" builder', '$2b$10$x')],
    ['line 5', person('two\nlines', null)],
    ['line 7', person('NULL', '\\N', ['a', 'b'])],
  ])
  const tabs = 'username\tpassword_hash\nann\tm=1,t=2\nDOMAIN\\\\bob\tNULL\ncy\t\\N\n'
  t.strictSame((await peopleIn(inPieces(tabs, 3), signet)).found, [
    ['line 2', person('ann', 'm=1,t=2')],
    ['line 3', person('DOMAIN\\bob', null)],
    ['line 4', person('cy', null)],
  ])
})

t.test('rows: a broken one refuses itself, and the next are read', async t => {
  const stray = 'A quotation mark is missing, or is where none may be.'
  const header = 'username,password_hash\n'
  const cases: [string, unknown[]][] = [
    [
      'a\nbob,\n',
      [
        ['line 2', 'The row has 1 columns, and the header has 2.'],
        ['line 3', 'bob'],
      ],
    ],
    [
      'a,b,c\nbob,\n',
      [
        ['line 2', 'The row has 3 columns, and the header has 2.'],
        ['line 3', 'bob'],
      ],
    ],
    [
      'a"b,\nbob,\ncy,\n',
      [
        ['line 2', stray],
        ['line 3', 'bob'],
        ['line 4', 'cy'],
      ],
    ],
    [
      '"a,\nbob,\ncy,\n',
      [
        ['line 2', stray],
        ['line 3', 'bob'],
        ['line 4', 'cy'],
      ],
    ],
    [
      '"a" b,\nbob,\n',
      [
        ['line 2', stray],
        ['line 3', 'bob'],
      ],
    ],
    [
      'a"b,\nbob,\nc"d,\neve,\n',
      [
        ['line 2', stray],
        ['line 3', 'bob'],
        ['line 4', stray],
        ['line 5', 'eve'],
      ],
    ],
    [
      `"a,\n${`b,${'x'.repeat(200)}\n`.repeat(400)}`,
      [['line 2', stray], ...Array.from({ length: 400 }, (_, at) => [`line ${at + 3}`, 'b'])],
    ],
    [
      `"a\n${'x'.repeat(KIB_64 + 1)}",\nbob,`,
      [
        ['line 2', stray],
        ['line 3', 'The line has more than 64 KiB.'],
        ['line 4', 'bob'],
      ],
    ],
  ]
  for (const [rows, expected] of cases) t.strictSame(await namesIn(header + rows), expected, rows.slice(0, 40))
  const latin = Buffer.concat([Buffer.from(header), Buffer.from([0xe9, 0x2c, 0x0a]), Buffer.from('bob,\n')])
  t.strictSame(await namesIn(latin), [
    ['line 2', 'The line is not UTF-8.'],
    ['line 3', 'bob'],
  ])
})

t.test('a header that can be read in two ways, or not at all', async t => {
  t.match(await refusal('username,password_hash,username\na,b,c\n'), /two columns of one name/)
  t.match(await refusal('username;password_hash\na;b\n'), /no header with columns between commas or tabs/)
  t.match(await refusal('username,"password_hash\na,b\n'), /^FileRefused: The header can't be read: A quotation mark/)
  t.match(await refusal('username,password_hash\n', keycloak), /^FileRefused: The file is no JSON/)
  t.match(await refusal('uid1,ann@example.com,true,aGFzaA==,c2FsdA==,,,\n', firebase), /Export with --format=json/)
})

t.test('nothing of a hash is repeated: a first row that is no header has one', async t => {
  const hash = '$2b$10$abcdefghijklmnopqrstuu5Lqr0.LmNaXkGZ5J6WqJH6R0k3mF1hO'
  const contents = [
    `ann,${hash}\nbob,${hash}\n`,
    `{"username":"ann","${hash}":1}\n`,
    `{"username":{"x":"${hash}"}}`,
    `${hash}`,
  ]
  for (const content of contents) {
    const said = await peopleIn(inPieces(content, 1000), signet).then(
      ({ found }) => JSON.stringify(found),
      (error: Error) => error.message,
    )
    t.notMatch(said, 'abcdefgh')
    t.notMatch(said, '"username":"')
  }
})

t.test('an error that is none of a record ends the reading', async t => {
  const broken = { bytes: 1, close: async () => {}, read: () => Promise.reject(new TypeError('a bug')) as never }
  const reading = readPeople(
    {
      ...broken,
      async *read() {
        yield Buffer.from(`${ann}\n`)
        throw new TypeError('a bug')
      },
    },
    signet,
  )
  const seen: unknown[] = []
  await t.rejects(
    (async () => {
      for await (const { person } of reading.people) seen.push(person)
    })(),
    { name: 'TypeError', message: 'a bug' },
  )
  t.notOk(seen.some(person => person instanceof RecordRefused))
})
