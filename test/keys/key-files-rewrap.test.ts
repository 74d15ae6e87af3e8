/** Key files that move to another key-encryption key: at no moment is a key lost, whoever kills whom. */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createKeyEncryption } from '../../src/keys/key-encryption.ts'
import { openKeyFiles } from '../../src/keys/key-files.ts'
import { temporaryFolder } from '../support/serve.ts'
import { k1, k2 } from './key-store-conformance.ts'

// Each has a folder of its own.
t.jobs = 2

const [current, before] = [randomBytes(32), randomBytes(32)]
const [old, moving, alone] = [
  createKeyEncryption('signing', before),
  createKeyEncryption('signing', current, before),
  createKeyEncryption('signing', current),
]

/** Keys in every condition: `plain` and `old` are kept, `plain-new` and `old-new` prepared, and `both` is there twice. */
async function everyCondition(t: Test): Promise<string> {
  const folder = temporaryFolder(t)
  const [inTheClear, underOld] = [await openKeyFiles(folder), await openKeyFiles(folder, old)]
  await inTheClear.commit('plain', k1)
  await inTheClear.prepare('plain-new', k2)
  await underOld.commit('old', k1)
  await underOld.prepare('old-new', k2)
  await underOld.commit('both', k1)
  writeFileSync(join(folder, 'both.pem'), readFileSync(join(folder, 'plain.pem')), { mode: 0o600 })
  return folder
}

const moved = ['.old-new.jwe.new', '.plain-new.jwe.new', 'both.jwe', 'old.jwe', 'plain.jwe']

async function isMoved(t: Test, folder: string, title: string) {
  t.strictSame(
    readdirSync(folder)
      .filter(name => !name.endsWith('.rewrap'))
      .sort(),
    moved,
    title,
  )
  const files = await openKeyFiles(folder, alone)
  for (const kid of ['both', 'old', 'plain']) t.ok((await files.read(kid)).equals(k1), `${title}: ${kid}`)
  for (const kid of ['old-new', 'plain-new']) t.ok((await files.read(kid)).equals(k2), `${title}: ${kid}`)
}

t.test('kept or prepared, in the clear or under the key before: all of them are moved, once', async t => {
  const folder = await everyCondition(t)
  const files = await openKeyFiles(folder, moving)
  const { done, left } = await files.rewrap()
  t.strictSame([done.toSorted(), left], [['both', 'old', 'old-new', 'plain', 'plain-new'], []])
  const content = () => readdirSync(folder).map(name => readFileSync(join(folder, name), 'utf8'))
  const after = content()
  t.strictSame(await files.rewrap(), { done: [], left: [] })
  t.strictSame(content(), after)
  await isMoved(t, folder, 'all')
})

/** Key files whose process is gone at its n-th change of a file. */
async function killedAt(t: Test, folder: string, last: number) {
  let changes = 0
  const step =
    <Values extends unknown[], T>(work: (...values: Values) => Promise<T>) =>
    async (...values: Values): Promise<T> => {
      changes += 1
      if (changes >= last) throw new Error('gone')
      return work(...values)
    }
  const open: typeof fs.open = (path, flags, mode) =>
    flags === 'wx' ? step(fs.open)(path, flags, mode) : fs.open(path, flags, mode)
  const disk = { ...fs, open, rename: step(fs.rename), rm: step(fs.rm) }
  const { openKeyFiles: openOn } = await t.mockImport<typeof import('../../src/keys/key-files.ts')>(
    '../../src/keys/key-files.ts',
    { 'node:fs/promises': disk },
  )
  const wasKilled = await (await openOn(folder, moving)).rewrap().then(
    ({ left }) => left.length > 0,
    () => true,
  )
  return { wasKilled, changes }
}

t.test('killed at any change of a file, every key can be read, and the next run does the rest', async t => {
  let last = 1
  for (let isOver = false; !isOver; last += 1) {
    const folder = await everyCondition(t)
    isOver = !(await killedAt(t, folder, last)).wasKilled
    const files = await openKeyFiles(folder, moving)
    t.strictSame((await files.rewrap()).left, [], `killed at ${last}`)
    await isMoved(t, folder, `killed at ${last}`)
  }
  t.ok(last > 10, `${last} changes`)
})

t.test('what a process that was killed left behind is removed when it is surely dead', async t => {
  const folder = await everyCondition(t)
  const [dead, alive] = ['.old.0123.rewrap', '.old.4567.rewrap']
  for (const name of [dead, alive]) writeFileSync(join(folder, name), 'x', { mode: 0o600 })
  const longAgo = new Date(Date.now() - 3600_000)
  utimesSync(join(folder, dead), longAgo, longAgo)
  await (await openKeyFiles(folder, moving)).rewrap()
  t.strictSame(
    readdirSync(folder).filter(name => name.endsWith('.rewrap')),
    [alive],
  )
  await isMoved(t, folder, 'beside it')
})

t.test('a key in the clear stays as long as the encrypted one beside it cannot be read', async t => {
  const folder = await everyCondition(t)
  const { done, left } = await (await openKeyFiles(folder, alone)).rewrap()
  t.strictSame(left.map(({ kid }) => kid).sort(), ['both', 'old', 'old-new'])
  t.strictSame(done.toSorted(), ['plain', 'plain-new'])
  t.ok(readdirSync(folder).includes('both.pem'))
})

t.test('two that move keys at once, beside a process that commits them, lose none', async t => {
  const folder = await everyCondition(t)
  const [one, two, server] = await Promise.all([1, 2, 3].map(() => openKeyFiles(folder, moving)))
  if (!one || !two || !server) throw new Error('They were not opened.')
  const answers = await Promise.all([one.rewrap(), two.rewrap(), server.commit('old-new'), server.commit('plain-new')])
  t.strictSame([answers[0].left, answers[1].left], [[], []])
  // What was put back as prepared belongs to a key that is known: the next start commits it.
  for (const kid of ['old-new', 'plain-new']) await server.commit(kid)
  t.strictSame((await server.rewrap()).left, [])
  const after = await openKeyFiles(folder, alone)
  t.strictSame((await after.list()).toSorted(), ['both', 'old', 'old-new', 'plain', 'plain-new'])
  for (const kid of await after.list()) t.type((await after.read(kid)).asymmetricKeyType, 'rsa', kid)
})
