/** Moves key files to the current key-encryption key: each gets a new file in its place, by rename. */
import { randomBytes } from 'node:crypto'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileTrust } from '../records/file-trust.ts'
import { KeyError } from '../records/signing-key.ts'
import { assertEncrypts, type KeptKey, openKept, privateKeyFrom, protectionOf } from './kept-key.ts'
import {
  ENCRYPTED,
  isKey,
  isPrepared,
  kidOf,
  PLAIN,
  readPrivately,
  syncDirectory,
  writePrivately,
} from './key-directory.ts'
import type { KeyEncryption } from './key-encryption.ts'
import { MissingKey } from './key-errors.ts'
import type { KeyStore } from './private-keys.ts'

/** Of a file that is to take the place of another, with something random before it. */
const REPLACEMENT = '.rewrap'
/** It was left behind by a process that was killed. */
const LEFT_BEHIND_MS = 60_000

export function createFileRewrap(dependencies: {
  readonly directory: string
  readonly encryption: KeyEncryption | undefined
  readonly trust: FileTrust
}): Pick<KeyStore, 'protections' | 'rewrap'> {
  const { directory, encryption, trust } = dependencies
  const pathOf = (name: string): string => join(directory, name)
  const encryptedName = (name: string): string => name.replace(PLAIN, ENCRYPTED)

  /** Encrypted ones first: one in the clear beside them is of the same key. */
  async function fileNames(): Promise<readonly string[]> {
    const names = (await readdir(directory)).filter(name => isKey(name) || isPrepared(name))
    return names.toSorted((a, b) => Number(a.includes(PLAIN)) - Number(b.includes(PLAIN)))
  }

  /** Undefined when it was committed, discarded or removed meanwhile. */
  async function keptIn(name: string): Promise<KeptKey | undefined> {
    try {
      const text = await readPrivately(pathOf(name), trust)
      return { kid: kidOf(name), name: pathOf(name), text, isEncrypted: name.includes(ENCRYPTED) }
    } catch (error) {
      if (error instanceof MissingKey) return undefined
      throw error
    }
  }

  async function putInPlace(name: string, jwe: string): Promise<void> {
    const file = pathOf(`.${kidOf(name)}.${randomBytes(6).toString('hex')}${REPLACEMENT}`)
    try {
      await writePrivately(file, jwe)
      await rename(file, pathOf(name))
      await syncDirectory(directory)
    } catch (error) {
      await rm(file, { force: true })
      const { code } = error as NodeJS.ErrnoException
      throw new KeyError(
        `${pathOf(name)} can't be written (${code}), and the key is as it was. Make room, or mend the directory.`,
        {
          cause: error,
        },
      )
    }
  }

  /** False when nothing was to be done. */
  async function rewrapOne(kept: KeptKey, name: string, names: readonly string[]): Promise<boolean> {
    assertEncrypts(encryption)
    const { pem, under } = await openKept(kept, encryption)
    if (under === 'current') return false
    // What is no key is left as it is.
    privateKeyFrom(pem, kept.name)
    // The encrypted one beside it counts, and was looked at before.
    if (under !== 'plain' || !names.includes(encryptedName(name)))
      await putInPlace(encryptedName(name), await encryption.encrypt(pem, kept.kid))
    if (under === 'plain') {
      await rm(pathOf(name), { force: true })
      await syncDirectory(directory)
    }
    return true
  }

  async function removeLeftBehind(): Promise<void> {
    for (const name of await readdir(directory)) {
      if (!name.endsWith(REPLACEMENT)) continue
      const found = await stat(pathOf(name)).catch(() => undefined)
      if (found !== undefined && Date.now() - found.mtimeMs > LEFT_BEHIND_MS) await rm(pathOf(name), { force: true })
    }
  }

  return {
    async protections() {
      const kept = (await Promise.all((await fileNames()).map(keptIn))).filter(each => each !== undefined)
      return Promise.all(kept.map(async each => ({ kid: each.kid, under: await protectionOf(each, encryption) })))
    },

    async rewrap() {
      assertEncrypts(encryption)
      await removeLeftBehind()
      const [done, left] = [new Set<string>(), new Map<string, string>()]
      const names = await fileNames()
      for (const name of names) {
        const kid = kidOf(name)
        // The key in the clear stays as long as what counts can't be read.
        if (left.has(kid)) continue
        try {
          const kept = await keptIn(name)
          if (kept !== undefined && (await rewrapOne(kept, name, names))) done.add(kid)
        } catch (error) {
          if (!(error instanceof KeyError)) throw error
          left.set(kid, error.message)
        }
      }
      return { done: [...done], left: [...left].map(([kid, problem]) => ({ kid, problem })) }
    },
  }
}
