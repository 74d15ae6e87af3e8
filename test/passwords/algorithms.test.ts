import { randomBytes } from 'node:crypto'
import t from 'tap'
import { readArgon2, spellArgon2 } from '../../src/passwords/algorithms/argon2.ts'
import { fromBase64, toBase64 } from '../../src/passwords/algorithms/base64.ts'
import { canonicalBcrypt, readBcrypt } from '../../src/passwords/algorithms/bcrypt.ts'
import { readPbkdf2, spellPbkdf2 } from '../../src/passwords/algorithms/pbkdf2.ts'
import { readScrypt, spellScrypt } from '../../src/passwords/algorithms/scrypt.ts'

const password = Buffer.from('password')
const wrong = Buffer.from('Password')

t.test('base64 has one spelling', t => {
  for (let bytes = 0; bytes < 8; bytes++) {
    const random = randomBytes(bytes)
    t.same(fromBase64(toBase64(random)), random)
    t.same(fromBase64(random.toString('base64')), random, 'with its padding')
  }
  const others = ['A', 'AB', 'AAB', 'AA=', 'AAA==', 'A===', '====', '=', 'AA==AA==', 'AA AA', 'AA\n==', 'AA-_', 'AAAé']
  for (const text of others) t.equal(fromBase64(text), undefined, text)
  t.end()
})

t.test('PBKDF2: RFC 7914 §11, a key of two blocks', async t => {
  const key = Buffer.from(
    '55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783',
    'hex',
  )
  const salt = Buffer.from('salt')
  const read = readPbkdf2(spellPbkdf2({ digest: 'sha256', iterations: 1, salt, key }))
  t.equal(await read?.matches(Buffer.from('passwd')), true)
  t.equal(await read?.matches(password), false)
  t.match(read?.problem, /salt/, 'which is shorter than those that are imported')
  const cost = (bytes: number) =>
    readPbkdf2(spellPbkdf2({ digest: 'sha1', iterations: 1e6, salt, key: Buffer.alloc(bytes) }))?.cost ?? 0
  t.equal(cost(64) / cost(20), 4, 'each block costs')
})

t.test('scrypt: RFC 7914 §12', async t => {
  const key = Buffer.from(
    'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
    'hex',
  )
  const salt = Buffer.from('NaCl')
  const read = readScrypt(spellScrypt({ n: 1024, r: 8, p: 16, salt, key }))
  t.equal(await read?.matches(password), true)
  t.equal(await read?.matches(wrong), false)
})

t.test('scrypt computes whatever is within its limits', async t => {
  const salt = Buffer.from('saltsalt')
  for (const [n, r, p] of [
    [2, 1, 1],
    [32_768, 1, 1],
    [65_536, 2, 1],
    [2, 1024, 1],
    [2, 1, 1024],
  ] as const) {
    const read = readScrypt(spellScrypt({ n, r, p, salt, key: Buffer.alloc(16) }))
    t.equal(read?.problem, undefined)
    t.equal(await read?.matches(password), false)
  }
})

t.test('Argon2 computes whatever is within its limits', async t => {
  for (const [salt, tag, parallelism] of [
    [8, 16, 1],
    [48, 64, 2],
    [64, 50, 8],
    [1024, 16, 16],
  ] as const) {
    const fields = { type: 'argon2i', version: 16, memoryCost: 8 * parallelism, timeCost: 1, parallelism } as const
    const read = readArgon2(spellArgon2({ ...fields, salt: Buffer.alloc(salt), tag: Buffer.alloc(tag) }))
    t.equal(read?.problem, undefined)
    t.equal(await read?.matches(password), false)
  }
})

t.test('Argon2 with many lanes and hardly any memory costs what its threads take', t => {
  const cost = (m: number, time: number, p: number) =>
    readArgon2(`$argon2id$v=19$m=${m},t=${time},p=${p}$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA`)?.cost ?? 0
  t.equal(cost(19_456, 2, 1), 1)
  t.equal(cost(19_456, 2, 16), 1)
  t.ok(cost(128, 304, 16) > 4)
  t.end()
})

t.test('what a bcrypt has left over of its last characters is taken away', async t => {
  const canonical = '$2b$05$abcdefghijklmnopqrstuuyw2hE57XT5szuyaMJ.0aAr6yUVa25EO'
  t.equal(canonicalBcrypt(canonical), canonical)
  // Of the salt's last character two bits count, of the hash's last four.
  const others = [canonical.replace('stuuyw', 'stuvyw'), canonical.replace(/O$/, 'P')]
  for (const text of others) {
    t.not(text, canonical)
    t.equal(canonicalBcrypt(text), canonical)
  }
  t.equal(await readBcrypt(canonical)?.matches(Buffer.from('Straße Café über 9 Bäume')), true)
})
