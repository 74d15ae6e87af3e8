/** Private keys at rest: nobody else reads them, nobody else chooses them, and no power loss takes them away. */
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import * as fs from 'node:fs/promises'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { createKeyEncryption, type KeyEncryption } from '../../src/keys/key-encryption.ts'
import { openKeyFiles } from '../../src/keys/key-files.ts'
import { temporaryFolder } from '../support/serve.ts'
import { k1, keyStoreChecks } from './key-store-conformance.ts'

const modeOf = (path: string) => statSync(path).mode & 0o777

interface Kind {
  readonly name: string
  readonly extension: string
  readonly encryption: KeyEncryption | undefined
  /** What a file looks like. */
  readonly form: RegExp
}

const kinds: readonly Kind[] = [
  {
    name: 'files in the clear',
    extension: '.pem',
    encryption: undefined,
    form: /^-----BEGIN PRIVATE KEY-----\n[^-]+-----END PRIVATE KEY-----\n$/,
  },
  {
    name: 'encrypted files',
    extension: '.jwe',
    encryption: createKeyEncryption('signing', randomBytes(32)),
    form: /^[\w-]+\.\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/,
  },
]

for (const { name, extension, encryption, form } of kinds) {
  /** The folder of the keys with one key in it, k1. */
  const openWithKey = async (t: Test) => {
    const folder = join(temporaryFolder(t), 'keys')
    const files = await openKeyFiles(folder, encryption)
    await files.prepare('k1', k1)
    await files.commit('k1')
    return { folder, files, file: join(folder, `k1${extension}`) }
  }

  t.test(name, async t => {
    keyStoreChecks(t, {
      name,
      open: async t => {
        const folder = join(temporaryFolder(t), 'keys')
        return () => openKeyFiles(folder, encryption)
      },
    })

    t.test('the folder and every file are for their owner only, whatever the umask', async t => {
      const umask = process.umask(0)
      t.teardown(() => void process.umask(umask))
      const { folder, files } = await openWithKey(t)
      await files.prepare('k2', k1)
      t.equal(modeOf(folder), 0o700)
      t.equal(readdirSync(folder).length, 2)
      for (const each of readdirSync(folder)) t.equal(modeOf(join(folder, each)), 0o600, each)
    })

    t.test('a key is one file named by its kid, with nothing beside it', async t => {
      const { folder, file } = await openWithKey(t)
      t.strictSame(readdirSync(folder), [basename(file)])
      t.match(readFileSync(file, 'utf8'), form)
    })

    t.test('a key and its name are on the disk when they are said to be', async t => {
      const folder = temporaryFolder(t)
      const steps: string[] = []
      /** Everything that changes a file or syncs it, in its order. */
      const open: typeof fs.open = async (path, ...more) => {
        const handle = await fs.open(path, ...more)
        const what = path === folder ? 'folder' : basename(String(path))
        const [write, sync] = [handle.writeFile.bind(handle), handle.sync.bind(handle)]
        handle.writeFile = (...values) => write(...values).then(() => void steps.push(`write ${what}`))
        handle.sync = () => sync().then(() => void steps.push(`sync ${what}`))
        return handle
      }
      const rename: typeof fs.rename = async (from, to) => {
        await fs.rename(from, to)
        steps.push(`name ${basename(String(to))}`)
      }
      const watched = await t.mockImport<typeof import('../../src/keys/key-files.ts')>('../../src/keys/key-files.ts', {
        'node:fs/promises': { ...fs, open, rename },
      })
      const files = await watched.openKeyFiles(folder, encryption)
      await files.prepare('k1', k1)
      const prepared = `.k1${extension}.new`
      t.strictSame(steps, [`write ${prepared}`, `sync ${prepared}`, 'sync folder'])
      await files.commit('k1')
      t.strictSame(steps.slice(3), [`name k1${extension}`, 'sync folder'])
      await files.remove('k1')
      t.strictSame(steps.slice(5), ['sync folder'], 'and so is its removal')
    })

    t.test('a kid is never a path', async t => {
      const { folder, files, file } = await openWithKey(t)
      const outside = join(folder, '..', `outside${extension}`)
      renameSync(file, outside)
      for (const kid of ['../outside', join(folder, '..', 'outside'), '.', '..', '', 'a/b', 'a\0b', 'k1.pem']) {
        const title = JSON.stringify(kid)
        const refusal = { name: 'KeyError', message: /can't be the name of a key/ }
        await t.rejects(files.read(kid), refusal, title)
        await t.rejects(files.prepare(kid, k1), refusal, title)
        await t.rejects(files.commit(kid, k1), refusal, title)
        await t.rejects(files.discard(kid), refusal, title)
        await t.rejects(files.remove(kid), refusal, title)
      }
      t.strictSame(readdirSync(folder), [])
      t.ok(existsSync(outside))
    })

    t.test('a refusal says nothing of what is in the file', async t => {
      const { files, file } = await openWithKey(t)
      writeFileSync(file, 'password: hunter2')
      const error = await files.read('k1').catch((thrown: Error) => thrown)
      t.ok(error instanceof Error && error.message.startsWith(file) && !error.message.includes('hunter2'))
    })

    t.test('the store tells under what each key is kept, prepared ones too', async t => {
      const { files } = await openWithKey(t)
      await files.prepare('k2', k1)
      const under = encryption === undefined ? 'plain' : 'current'
      t.strictSame(
        (await files.protections()).toSorted((a, b) => (a.kid < b.kid ? -1 : 1)),
        ['k1', 'k2'].map(kid => ({ kid, under })),
      )
    })

    t.test('what others left beside the keys is neither a key nor a prepared one', async t => {
      const { folder, files } = await openWithKey(t)
      for (const other of ['README.md', '.gitignore', '.k1.swp', '.note.txt.new', 'k1.bak', 'a.epoch', 'a.epoch.new'])
        writeFileSync(join(folder, other), '')
      t.strictSame([await files.list(), await files.listPrepared()], [['k1'], []])
    })
  })
}

t.test('a key that could not be written leaves nothing behind', async t => {
  const folder = temporaryFolder(t)
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
  const disk = { writeFile: () => Promise.reject(full) }
  const open: typeof fs.open = async (...values) => Object.assign(await fs.open(...values), disk)
  const { openKeyFiles } = await t.mockImport<typeof import('../../src/keys/key-files.ts')>(
    '../../src/keys/key-files.ts',
    { 'node:fs/promises': { ...fs, open } },
  )
  const files = await openKeyFiles(folder)
  await t.rejects(files.prepare('k1', k1), {
    name: 'KeyError',
    message: /k1\.pem\.new can't be written \(ENOSPC\), and no key was changed/,
  })
  t.strictSame(readdirSync(folder), [])
})

for (const [mode, keys] of [
  [0o770, ['k1.pem']],
  [0o770, ['k1.jwe']],
  [0o720, ['k1.pem']],
  [0o702, []],
  [0o777, []],
] as const) {
  t.test(
    `a folder of mode ${mode.toString(8)} with ${keys.join() || 'nothing'} is refused: others could put keys there`,
    async t => {
      const folder = temporaryFolder(t)
      for (const name of keys) writeFileSync(join(folder, name), '', { mode: 0o600 })
      chmodSync(folder, mode)
      const says = `${folder} can be written to by other users. Run: chmod ${(mode & 0o020) === 0 ? 'o' : 'go'}-w ${folder}`
      const error = await openKeyFiles(folder).catch((thrown: Error) => thrown)
      t.match(error, { name: 'KeyError' })
      t.ok(error instanceof Error && error.message.startsWith(says), String(error))
      t.equal(modeOf(folder), mode)
    },
  )
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
