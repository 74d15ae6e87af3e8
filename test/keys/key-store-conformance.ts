/** What every store of private keys must do. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Test } from 'tap'
import type { PrivateKeys } from '../../src/keys/private-keys.ts'

export interface Engine {
  readonly name: string
  /** Answers an empty store of a case's own, in which every call of the function that it answers is a process of its own. */
  open(t: Test): Promise<() => Promise<PrivateKeys>>
}

const keyOf = (): KeyObject => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
export const [k1, k2] = [keyOf(), keyOf()]

/** What a store has: the kids of its keys, and of those that are prepared. */
const contents = async (store: PrivateKeys) => [
  [...(await store.list())].sort(),
  [...(await store.listPrepared())].sort(),
]

const isMissing = { name: 'KeyError', message: /is missing\. Restore it from a backup of the keys/ }

export function keyStoreChecks(t: Test, engine: Engine): void {
  /** Two processes at one empty store. */
  const openTwice = async (t: Test) => {
    const open = await engine.open(t)
    return [await open(), await open(), open] as const
  }

  t.test('an empty store has nothing', async t => {
    const [store] = await openTwice(t)
    t.strictSame(await contents(store), [[], []])
    await t.rejects(store.read('k1'), isMissing)
  })

  t.test('a key is read as it was prepared and committed, by every process and after a restart', async t => {
    const [store, other, open] = await openTwice(t)
    for (const [kid, key] of [
      ['k1', k1],
      ['k2', k2],
    ] as const) {
      await store.prepare(kid, key)
      await store.commit(kid)
    }
    for (const each of [store, other, await open()]) {
      t.strictSame(await contents(each), [['k1', 'k2'], []])
      t.ok((await each.read('k1')).equals(k1))
      t.ok((await each.read('k2')).equals(k2))
    }
  })

  t.test('a key that is prepared only is not listed as a key, and a restart knows of it', async t => {
    const [store, , open] = await openTwice(t)
    await store.prepare('k1', k1)
    for (const each of [store, await open()]) t.strictSame(await contents(each), [[], ['k1']])
  })

  t.test('kill -9 between prepare and commit: another process commits it', async t => {
    const [store, other] = await openTwice(t)
    await store.prepare('k1', k1)
    await other.commit('k1')
    t.strictSame(await contents(other), [['k1'], []])
    t.ok((await other.read('k1')).equals(k1))
  })

  t.test('kill -9 between prepare and commit: another process discards it, and nothing is left', async t => {
    const [store, other] = await openTwice(t)
    await store.prepare('k1', k1)
    await other.discard('k1')
    t.strictSame(await contents(other), [[], []])
    await t.rejects(other.read('k1'), isMissing)
  })

  t.test('to read a key that is prepared only is to commit it', async t => {
    const [store, other] = await openTwice(t)
    await store.prepare('k1', k1)
    t.ok((await other.read('k1')).equals(k1))
    t.strictSame(await contents(other), [['k1'], []])
    await t.resolves(store.commit('k1'), 'who prepared it comes second')
    t.strictSame(await contents(store), [['k1'], []])
  })

  t.test('a commit that is done twice is done once, with the key at hand or without', async t => {
    const [store] = await openTwice(t)
    await store.prepare('k1', k1)
    await store.commit('k1', k1)
    await store.commit('k1', k1)
    await store.commit('k1')
    t.strictSame(await contents(store), [['k1'], []])
    t.ok((await store.read('k1')).equals(k1))
  })

  t.test('processes that commit the same key at once all succeed', async t => {
    const [store, other] = await openTwice(t)
    for (let round = 0; round < 25; round += 1) {
      const kid = `k${round}`
      await store.prepare(kid, k1)
      await t.resolves(Promise.all([store.commit(kid, k1), other.commit(kid), other.read(kid)]))
    }
    t.equal((await store.list()).length, 25)
    t.strictSame(await store.listPrepared(), [])
  })

  t.test('a commit after somebody discarded the key keeps it all the same, from the key at hand', async t => {
    const [store, other] = await openTwice(t)
    await store.prepare('k1', k1)
    await other.discard('k1')
    await store.commit('k1', k1)
    t.strictSame(await contents(other), [['k1'], []])
    t.ok((await other.read('k1')).equals(k1))
  })

  t.test('whoever discards at the moment of the commit does not take the key away', async t => {
    const [store, other] = await openTwice(t)
    for (let round = 0; round < 25; round += 1) {
      const kid = `k${round}`
      await store.prepare(kid, k1)
      await Promise.all([store.commit(kid, k1), other.discard(kid)])
      t.ok((await other.read(kid)).equals(k1))
    }
    t.strictSame(await store.listPrepared(), [])
  })

  t.test('a commit of what was never prepared, without the key at hand, makes nothing', async t => {
    const [store] = await openTwice(t)
    await store.commit('k1')
    t.strictSame(await contents(store), [[], []])
  })

  t.test('a discard leaves a key that is committed, and what is not there is no mistake', async t => {
    const [store] = await openTwice(t)
    await store.prepare('k1', k1)
    await store.commit('k1')
    await store.discard('k1')
    await store.discard('k2')
    t.ok((await store.read('k1')).equals(k1))
  })

  t.test('a kid is prepared once: the second key of that name does not replace the first', async t => {
    const [store, other] = await openTwice(t)
    await store.prepare('k1', k1)
    await t.rejects(other.prepare('k1', k2))
    t.ok((await store.read('k1')).equals(k1))
  })

  t.test('a removed key is gone, alone, and removing it again is no mistake', async t => {
    const [store, other] = await openTwice(t)
    for (const kid of ['k1', 'k2']) {
      await store.prepare(kid, k1)
      await store.commit(kid)
    }
    await store.remove('k1')
    await t.resolves(other.remove('k1'))
    t.strictSame(await contents(other), [['k2'], []])
    await t.rejects(other.read('k1'), isMissing)
    t.match(await store.read('k2'), { type: 'private' })
  })

  t.test('what the store calls a key in messages has its kid', async t => {
    const [store] = await openTwice(t)
    t.match(await store.nameOf('k1'), 'k1', 'also when it is missing')
    await store.prepare('k1', k1)
    await store.commit('k1')
    t.match(await store.nameOf('k1'), 'k1')
  })
}
