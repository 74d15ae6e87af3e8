import t from 'tap'
import { HashRefused, type ReadForm } from '../../src/passwords/forms/form.ts'
import { columnsForms, readForeignHash, textForms } from '../../src/passwords/forms/forms.ts'
import { hasNoPassword } from '../../src/passwords/forms/no-password.ts'
import { readStoredHash } from '../../src/passwords/stored-hash.ts'
import { columnsOfUsual, otherColumns } from '../support/foreign-columns.ts'
import { hashesOfUsual, otherHashes } from '../support/foreign-hashes.ts'

const seed = Number(process.env['SIGNET_TEST_SEED'] ?? 20)
const rounds = Number(process.env['SIGNET_TEST_ROUNDS'] ?? 6000)
/** What is computed to see whether it throws. */
const CHEAP = 0.02

/** mulberry32 */
function createRandom(state: number): (below: number) => number {
  let current = state
  return below => {
    current = (current + 0x6d2b79f5) | 0
    let mixed = Math.imul(current ^ (current >>> 15), 1 | current)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below) | 0
  }
}

const hashes = [
  ...Object.values({ ...hashesOfUsual, ...columnsOfUsual }).flat(),
  ...[...otherHashes, ...otherColumns].map(([, , , hash]) => hash),
]
/** So that what is read can be computed. */
const cheap = [
  '$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$QLXLNlr/9GHaoLKlWEOHMQ',
  'scrypt:16:1:1$saltsalt$5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a',
  '$scrypt$ln=4,r=2,p=1$c29tZXNhbHQ$QLXLNlr/9GHaoLKlWEOHMQ',
  'pbkdf2_sha256$10$saltsalt$QLXLNlr/9GHaoLKlWEOHMQ==',
  '{PBKDF2}$1$saltsalt$10$c1b18a2acbd4f85c5e1960a23d403fd567060f31',
  '10$1$1$5a5a5a5a5a5a5a5a$5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a',
  'AQAAAAAAAAAKAAAACFpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWg==',
  '$P$5VKLhkkIHReDxJw9xBIyh40DLkvpjA/',
]
const pieces = [
  '$',
  '=',
  ',',
  '0',
  '1',
  '9999999999',
  '-1',
  '+',
  '.',
  '{',
  '}',
  '"',
  ' ',
  '\0',
  'é',
  '\ud800',
  '|',
  ':',
  'null',
  '[]',
  'A',
]

function mutated(text: string, random: (below: number) => number): string {
  const at = random(text.length + 1)
  const other = hashes[random(hashes.length)] ?? ''
  const piece = pieces[random(pieces.length)] ?? ''
  const kinds = [
    () => text.slice(0, at) + piece + text.slice(at),
    () => text.slice(0, at) + piece + text.slice(at + 1),
    () => text.slice(0, at) + text.slice(at + 1 + random(8)),
    () => text.slice(0, at),
    () => text.slice(0, at) + other.slice(random(other.length)),
    () => text.replace(/\d+/, String(2 ** random(40))),
    () => text.split('$').reverse().join('$'),
    () => text.slice(0, at) + text.slice(at).repeat(2),
  ]
  return kinds[random(kinds.length)]?.() ?? text
}

function isRefused(act: () => unknown): boolean {
  try {
    act()
    return false
  } catch (error) {
    if (!(error instanceof HashRefused)) throw error
    return true
  }
}

const readBy = (form: () => ReadForm | undefined): boolean => !isRefused(form) && form() !== undefined

t.test('whatever comes in is read by one form at most, or refused, and what is read can be computed', async t => {
  const random = createRandom(seed)
  let [read, computed] = [0, 0]
  for (let round = 0; round < rounds; round++) {
    const original = random(2) === 0 ? hashes[round % hashes.length] : cheap[round % cheap.length]
    const text = Array.from({ length: 1 + random(3) }).reduce<string>(each => mutated(each, random), original ?? '')
    hasNoPassword(text)
    try {
      if (isRefused(() => readForeignHash(text, 50))) continue
      read += 1
      const { stored, cost } = readForeignHash(text, 50)
      if (!text.startsWith('{"')) {
        const bare = text.replace(/[ \t\r\n\0]+$/, '')
        if (textForms.filter(form => readBy(() => form(bare, {}))).length !== 1) throw new Error('read twice')
      }
      if (cost > CHEAP) continue
      computed += 1
      await readStoredHash(stored)?.matches('any')
    } catch (error) {
      t.fail(`seed ${seed}, round ${round}: ${(error as Error).message}`, { text })
    }
  }
  t.ok(read > rounds / 20, `${read} were read`)
  t.ok(computed > rounds / 50, `${computed} were computed`)
})

t.test('whatever the members are, columns are read or refused', t => {
  const random = createRandom(seed)
  const values = [
    undefined,
    null,
    true,
    0,
    -1,
    1.5,
    Number.NaN,
    1e21,
    '',
    '{}',
    '[]',
    'null',
    [],
    [[]],
    {},
    { value: 1 },
    'é',
    'ab',
  ]
  for (let round = 0; round < rounds / 3; round++) {
    const all = Object.values(columnsOfUsual).flat()
    const columns: Record<string, unknown> = JSON.parse(all[round % all.length] ?? '{}')
    const names = Object.keys(columns)
    for (let times = random(3); times >= 0; times--) {
      columns[names[random(names.length)] ?? ''] = values[random(values.length)]
    }
    for (const form of columnsForms) isRefused(() => form(columns, { hashConfig: columns }))
    isRefused(() => readForeignHash(columns, 50))
    hasNoPassword(columns)
  }
  t.pass('nothing else was thrown')
  t.end()
})

t.test('long texts are refused in no time', t => {
  const before = process.cpuUsage()
  for (const piece of ['$', 'a', ' ', '0', '=', '{', '{"', '$argon2id$', 'pbkdf2:', 'x='.repeat(20), '\0 x']) {
    const text = piece.repeat(65_536 / piece.length)
    for (const begun of [
      text,
      `${text}x`,
      `$argon2id$v=19$${text}`,
      `pbkdf2_sha256$1$${text}$${text}`,
      `1$1$1$${text}`,
    ]) {
      t.ok(isRefused(() => readForeignHash(begun, 50)))
      hasNoPassword(begun)
    }
  }
  t.ok(process.cpuUsage(before).user < 2_000_000)
  t.end()
})
