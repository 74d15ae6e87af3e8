/**
 * Private keys at rest: one file per kid, 0600, written by rename. `.pem` is PKCS#8 in the clear, `.jwe` the same encrypted
 * (key-encryption.ts); both are read, and what is written depends on the configuration.
 */
import type { KeyObject } from 'node:crypto'
import { readdir, rename, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { type FileTrust, ownFilesOnly } from '../records/file-trust.ts'
import { KeyError } from '../records/signing-key.ts'
import { openKept, pemOf, privateKeyFrom } from './kept-key.ts'
import {
  ENCRYPTED,
  fileIn,
  isKey,
  isPrepared,
  kidOf,
  openKeyDirectory,
  PLAIN,
  readPrivately,
  syncDirectory,
  UNFINISHED,
  writePrivately,
} from './key-directory.ts'
import type { KeyEncryption } from './key-encryption.ts'
import { createFileRewrap } from './key-files-rewrap.ts'
import type { KeyStore } from './private-keys.ts'

/**
 * @param encryption undefined: keys are kept in the clear
 * @throws KeyError when the directory is none, or others can write to it
 */
export async function openKeyFiles(
  directory: string,
  encryption?: KeyEncryption,
  trust: FileTrust = ownFilesOnly(),
): Promise<KeyStore> {
  await openKeyDirectory(directory, trust)

  const extension = encryption === undefined ? PLAIN : ENCRYPTED
  const keyFile = (kid: string, kind: string): string => fileIn(directory, kid, kind)
  /** Behind a dot in front: a process that is killed leaves it, and the next start knows whether it is needed. */
  const preparedFile = (kid: string, kind: string): string => fileIn(directory, kid, `${kind}${UNFINISHED}`, '.')

  /** An encrypted file wins over one in the clear. */
  async function findFile(kid: string): Promise<string> {
    const names = await readdir(directory)
    const kind = [ENCRYPTED, PLAIN].find(each => names.includes(`${kid}${each}`))
    return keyFile(kid, kind ?? extension)
  }

  async function prepare(kid: string, privateKey: KeyObject): Promise<void> {
    const file = preparedFile(kid, extension)
    const pem = pemOf(privateKey)
    const text = encryption === undefined ? pem : await encryption.encrypt(pem, kid)
    try {
      await writePrivately(file, text)
      await syncDirectory(directory)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') throw error
      await rm(file, { force: true })
      throw new KeyError(
        `${file} can't be written (${code}), and no key was changed. Make room, or mend the directory.`,
        {
          cause: error,
        },
      )
    }
  }

  async function commit(kid: string, privateKey?: KeyObject): Promise<void> {
    const names = await readdir(directory)
    const kind = [ENCRYPTED, PLAIN].find(each => names.includes(basename(preparedFile(kid, each))))
    const isThere = names.some(name => isKey(name) && kidOf(name) === kid)
    if (kind === undefined && (isThere || privateKey === undefined)) return
    if (kind === undefined && privateKey !== undefined) await prepare(kid, privateKey)
    const from = kind ?? extension
    const overtaken = await rename(preparedFile(kid, from), keyFile(kid, from)).then(
      () => false,
      (error: NodeJS.ErrnoException) => error.code === 'ENOENT' || Promise.reject(error),
    )
    // Another process committed or discarded it in between.
    if (overtaken) return commit(kid, privateKey)
    await syncDirectory(directory)
  }

  return {
    async read(kid) {
      await commit(kid)
      const file = await findFile(kid)
      const text = await readPrivately(file, trust)
      const { pem } = await openKept({ kid, name: file, text, isEncrypted: file.endsWith(ENCRYPTED) }, encryption)
      return privateKeyFrom(pem, file)
    },

    nameOf: findFile,

    prepare,

    commit,

    async discard(kid) {
      for (const kind of [ENCRYPTED, PLAIN]) await rm(preparedFile(kid, kind), { force: true })
    },

    async remove(kid) {
      for (const kind of [ENCRYPTED, PLAIN]) await rm(keyFile(kid, kind), { force: true })
      await syncDirectory(directory)
    },

    list: async () => [...new Set((await readdir(directory)).filter(isKey).map(kidOf))],

    listPrepared: async () => (await readdir(directory)).filter(isPrepared).map(kidOf),

    ...createFileRewrap({ directory, encryption, trust }),
  }
}
