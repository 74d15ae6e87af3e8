/** People in lines of JSON, and what no file of people is. */
import t from 'tap'
import { RecordRefused } from '../../src/maintenance/import/person.ts'
import { readPeople } from '../../src/maintenance/import/read-people.ts'
import { inPieces, namesIn, peopleIn, personNamed, refusalOf } from '../support/import-files.ts'

const signet = { format: 'signet' } as const
const ann = '{"username":"ann","password_hash":null}'
const bob = '{"username":"bob","password_hash":null}'
const KIB_64 = 64 * 1024

t.test('lines: blank ones, those of Windows, a byte order mark, and no end behind the last', async t => {
  const { found, reading } = await peopleIn(inPieces(`\u{FEFF}${ann}\r\n\r\n  \n${bob}`, 5), signet)
  t.strictSame(found, [
    ['line 1', personNamed('ann')],
    ['line 4', personNamed('bob')],
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
    ['line 2', 'It is not JSON.'],
    ['line 3', 'The line is not UTF-8.'],
    ['line 4', 'It is not a JSON object.'],
    ['line 5', 'It is not a JSON object.'],
    ['line 6', 'It is not a JSON object.'],
    ['line 7', 'The line is longer than 64 KiB.'],
    ['line 8', 'bob'],
  ])
  const longest = `${ann.slice(0, -1)}${' '.repeat(KIB_64 - ann.length)}}`
  t.strictSame(await namesIn(`${longest}\n${bob}`), [
    ['line 1', 'ann'],
    ['line 2', 'bob'],
  ])
})

t.test('what is no file of people is refused as a whole', async t => {
  t.equal(await refusalOf(''), 'FileRefused: The file is empty.')
  t.equal(await refusalOf(' \n\n '), 'FileRefused: The file is empty.')
  t.match(await refusalOf(Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3])), /^FileRefused: .*compressed/)
  t.match(await refusalOf(Buffer.from(`\u{FEFF}${ann}`, 'utf16le')), /^FileRefused: .*UTF-16/)
  t.match(await refusalOf(Buffer.from(ann, 'utf16le')), /^FileRefused: .*UTF-16/)
  t.match(await refusalOf('hello\nworld\n'), /^FileRefused: .*not JSON.*not a header/)
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

t.test('an error that is none of a record ends the reading, and is no line of a report', async t => {
  async function* read() {
    yield Buffer.from(`${ann}\n`)
    throw new TypeError('a bug')
  }
  const reading = readPeople({ bytes: 1, read, close: async () => {} }, signet)
  const seen: unknown[] = []
  const goThrough = async () => {
    for await (const { person } of reading.people) seen.push(person)
  }
  await t.rejects(goThrough(), { name: 'TypeError', message: 'a bug' })
  t.notOk(seen.some(person => person instanceof RecordRefused))
})
