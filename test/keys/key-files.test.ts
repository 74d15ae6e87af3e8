/** Private keys at rest: nobody else reads them, nobody else chooses them. */
import { generateKeyPairSync } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openKeyFiles } from '../../src/keys/key-files.ts'
import { temporaryFolder } from '../support/serve.ts'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const modeOf = (path: string) => statSync(path).mode & 0o777

/** The folder of the keys with one key in it, k1. */
async function openWithKey(t: Test) {
  const folder = join(temporaryFolder(t), 'keys')
  const files = await openKeyFiles(folder)
  await files.write('k1', privateKey)
  return { folder, files, file: join(folder, 'k1.pem') }
}

t.test('a key is read as it was written', async t => {
  const { files } = await openWithKey(t)
  t.equal((await files.read('k1')).equals(privateKey), true)
})

t.test('the folder and the file are for their owner only, whatever the umask', async t => {
  const umask = process.umask(0)
  t.teardown(() => void process.umask(umask))
  const { folder, file } = await openWithKey(t)
  t.equal(modeOf(folder), 0o700)
  t.equal(modeOf(file), 0o600)
})

t.test('a key is one PKCS#8 file named by its kid, with nothing beside it', async t => {
  const { folder, file } = await openWithKey(t)
  t.strictSame(readdirSync(folder), ['k1.pem'])
  t.match(readFileSync(file, 'utf8'), /^-----BEGIN PRIVATE KEY-----\n[^-]+-----END PRIVATE KEY-----\n$/)
})

t.test('writing a key again replaces it whole', async t => {
  const { folder, files } = await openWithKey(t)
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  await files.write('k1', other)
  t.equal((await files.read('k1')).equals(other), true)
  t.strictSame(readdirSync(folder), ['k1.pem'])
})

t.test('a removed key is gone, and removing it again is no mistake', async t => {
  const { folder, files } = await openWithKey(t)
  await files.remove('k1')
  await t.resolves(files.remove('k1'))
  t.strictSame(readdirSync(folder), [])
})

const damages: readonly (readonly [string, (file: string) => void, RegExp])[] = [
  ['missing', file => renameSync(file, `${file}.elsewhere`), /is missing\. Restore it from a backup/],
  ['empty', file => writeFileSync(file, ''), /is damaged: .* Restore it from a backup/],
  ['truncated', file => writeFileSync(file, readFileSync(file).subarray(0, 900)), /is damaged: .* Restore it/],
  ['no key at all', file => writeFileSync(file, 'password: hunter2'), /is damaged: .* Restore it/],
  ['readable for the group', file => chmodSync(file, 0o640), /is open to other users\. .* run: chmod 600/],
  ['writable for others', file => chmodSync(file, 0o602), /is open to other users\. .* run: chmod 600/],
  [
    'a symbolic link to a key',
    file => {
      renameSync(file, `${file}.elsewhere`)
      symlinkSync(`${file}.elsewhere`, file)
    },
    /is a symbolic link\. Put the key itself in its place/,
  ],
]
for (const [what, damage, says] of damages) {
  t.test(`a key file that is ${what} is refused by name, with what to do`, async t => {
    const { files, file } = await openWithKey(t)
    damage(file)
    await t.rejects(files.read('k1'), { name: 'KeyError', message: says })
    await t.rejects(files.read('k1'), { message: file })
  })
}

t.test('a refusal says nothing of what is in the file', async t => {
  const { files, file } = await openWithKey(t)
  writeFileSync(file, 'password: hunter2')
  const error = await files.read('k1').catch((thrown: Error) => thrown)
  t.ok(error instanceof Error && !error.message.includes('hunter2'))
})

for (const [mode, keys] of [
  [0o770, ['k1.pem']],
  [0o720, ['k1.pem']],
  [0o702, []],
  [0o777, []],
] as const) {
  t.test(`a folder of mode ${mode.toString(8)} is refused, because others could put their keys in it`, async t => {
    const folder = temporaryFolder(t)
    for (const name of keys) writeFileSync(join(folder, name), '', { mode: 0o600 })
    chmodSync(folder, mode)
    const message = `${folder} can be written to by other users. Run: chmod go-w ${folder}`
    await t.rejects(openKeyFiles(folder), { name: 'KeyError', message })
  })
}

t.test('a folder without keys that its group can write to, as umask 002 makes it, is closed', async t => {
  const folder = temporaryFolder(t)
  chmodSync(folder, 0o775)
  await openKeyFiles(folder)
  t.equal(modeOf(folder), 0o700)
})

t.test('a folder that others may look into, but not change, is accepted', async t => {
  const folder = temporaryFolder(t)
  chmodSync(folder, 0o755)
  await t.resolves(openKeyFiles(folder))
})

t.test('a file in the place of the folder is refused by name, and left alone', async t => {
  const file = join(temporaryFolder(t), 'keys')
  writeFileSync(file, 'mine')
  const message = `${file} is not a directory. Set SIGNET_KEYS_DIR to one.`
  await t.rejects(openKeyFiles(file), { name: 'KeyError', message })
  t.equal(readFileSync(file, 'utf8'), 'mine')
})

t.test('a folder that cannot be made is refused by name', async t => {
  const file = join(temporaryFolder(t), 'file')
  writeFileSync(file, '')
  const folder = join(file, 'keys')
  await t.rejects(openKeyFiles(folder), { name: 'KeyError', message: `${folder} can't be made (ENOTDIR).` })
})

t.test('a link in the place of the folder is refused', async t => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'real'))
  symlinkSync(join(folder, 'real'), join(folder, 'keys'))
  await t.rejects(openKeyFiles(join(folder, 'keys')), { name: 'KeyError', message: /is not a directory/ })
})
