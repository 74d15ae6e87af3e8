/**
 * The private halves of new signing keys. Each is prepared before the write that makes the key known, and committed after it: so
 * wherever a process is killed, the database says which are needed.
 */
import type { SigningKeyReader } from '../records/signing-key.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import type { PrivateKeys } from './private-keys.ts'
import { type GeneratedKey, generateSigningKey } from './rsa.ts'
import { SIGNING_STATES } from './schedule.ts'

/** Another process did it, or something else, a moment ago: nothing was changed. */
export class Overtaken extends Error {}

export interface NewKeys {
  /**
   * Makes keys and does `act` with them in one write.
   * @returns false when `act` throws Overtaken
   */
  use(count: number, act: (stores: Stores, made: readonly GeneratedKey[]) => Promise<void>): Promise<boolean>
  /** Tidies up after processes that were killed, and answers how many private halves belong to no key of this database. */
  finish(): Promise<number>
  /** The private half of a key that signs no more is of use to thieves only. */
  removeSpent(): Promise<void>
}

export function createNewKeys(dependencies: {
  readonly privateKeys: PrivateKeys
  readonly keys: SigningKeyReader
  readonly write: Write
}): NewKeys {
  const { privateKeys, keys, write } = dependencies
  /** Keys of a write that failed: a database that fails for an hour must not make a key a second. */
  let spare: readonly GeneratedKey[] = []

  const knownKids = async () => new Set((await keys.list()).map(({ kid }) => kid))

  async function make(count: number): Promise<readonly GeneratedKey[]> {
    const known = await knownKids()
    const [stored, free] = [spare.filter(({ kid }) => known.has(kid)), spare.filter(({ kid }) => !known.has(kid))]
    // The write that seemed to fail was done.
    for (const { kid, privateKey } of stored) await privateKeys.commit(kid, privateKey)
    const fresh = await Promise.all(Array.from({ length: Math.max(0, count - free.length) }, generateSigningKey))
    for (const { kid, privateKey } of fresh) await privateKeys.prepare(kid, privateKey)
    spare = [...free, ...fresh]
    return spare.slice(0, count)
  }

  async function removeSpent(): Promise<void> {
    const spent = (await keys.list()).filter(({ state }) => !SIGNING_STATES.includes(state)).map(({ kid }) => kid)
    const present = await privateKeys.list()
    for (const kid of spent) if (present.includes(kid)) await privateKeys.remove(kid)
  }

  return {
    async use(count, act) {
      const made = await make(count)
      try {
        await write(stores => act(stores, made))
      } catch (error) {
        // Otherwise it may not be known whether the write was done: they stay prepared.
        if (!(error instanceof Overtaken)) throw error
        for (const { kid } of spare) await privateKeys.discard(kid)
        spare = []
        return false
      }
      spare = spare.slice(count)
      for (const { kid, privateKey } of made) await privateKeys.commit(kid, privateKey)
      return true
    },

    async finish() {
      // In this order: what another process prepares from now on is not touched.
      const prepared = await privateKeys.listPrepared()
      const known = await knownKids()
      for (const kid of prepared) {
        if (known.has(kid)) await privateKeys.commit(kid)
        else await privateKeys.discard(kid)
      }
      await removeSpent()
      return (await privateKeys.list()).filter(kid => !known.has(kid)).length
    },

    removeSpent,
  }
}
