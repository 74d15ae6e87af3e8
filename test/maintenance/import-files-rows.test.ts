/** People in rows under a header. */
import t from 'tap'
import { inPieces, namesIn, peopleIn, personNamed, refusalOf } from '../support/import-files.ts'

const signet = { format: 'signet' } as const
const keycloak = { format: 'keycloak' } as const
const firebase = { format: 'firebase' } as const
const KIB_64 = 64 * 1024

t.test('rows: commas or tabs, quoted fields, and what has no value', async t => {
  const person = (username: string, hash: string | null, roles: string[] = []) => personNamed(username, { hash, roles })
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
  const stray = 'A quotation mark is missing or misplaced.'
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
      `"a,\n${`b,${'x'.repeat(1000)}\n`.repeat(70)}c",\n`,
      [['line 2', stray], ...Array.from({ length: 70 }, (_, at) => [`line ${at + 3}`, 'b']), ['line 73', stray]],
    ],
    [
      `"a\n${'x'.repeat(KIB_64 + 1)}",\nbob,`,
      [
        ['line 2', stray],
        ['line 3', 'The line is longer than 64 KiB.'],
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
  t.match(await refusalOf('username,password_hash,username\na,b,c\n'), /Two columns of the header have the same name/)
  t.match(await refusalOf('username;password_hash\na;b\n'), /not a header with commas or tabs between the columns/)
  t.match(await refusalOf('username,"password_hash\na,b\n'), /^FileRefused: The header can't be read: A quotation mark/)
  t.match(await refusalOf('username,password_hash\n', keycloak), /^FileRefused: The file is not JSON/)
  t.match(await refusalOf('uid1,ann@example.com,true,aGFzaA==,c2FsdA==,,,\n', firebase), /Export with --format=json/)
})
