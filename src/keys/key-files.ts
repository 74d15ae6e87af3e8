/**
 * Private signing keys at rest: one file per kid, 0600, written by rename. `.pem` is PKCS#8 in the clear, `.jwe` the same encrypted
 * (key-encryption.ts); both are read, and what is written depends on the configuration.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readdir, rename, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { type FileTrust, ownFilesOnly } from '../records/file-trust.ts'
import { KeyError } from '../records/signing-key.ts'
import {
  ENCRYPTED,
  fileIn,
  isKey,
  openKeyDirectory,
  PLAIN,
  readPrivately,
  syncDirectory,
  UNFINISHED,
  writePrivately,
} from './key-directory.ts'
import type { KeyEncryption } from './key-encryption.ts'
import { EncryptionKeyError, type PrivateKeys } from './private-keys.ts'

export interface KeyFiles extends PrivateKeys {
  /** The kids of all keys that are not encrypted. */
  listPlain(): Promise<readonly string[]>
}

const kidOf = (name: string): string => name.replace(/\.(pem|jwe)$/, '')

async function decrypt(file: string, text: string, encryption: KeyEncryption | undefined): Promise<string> {
  if (!file.endsWith(ENCRYPTED)) return text
  if (encryption === undefined)
    throw new EncryptionKeyError(
      `${file} is encrypted, and SIGNET_KEY_ENCRYPTION_KEY is not set. Set it to the key that it was encrypted with; ` +
        'if that key is lost, run: signet keys revoke --all --reason …',
    )
  try {
    return await encryption.decrypt(text)
  } catch (error) {
    throw new EncryptionKeyError(
      `${file} can't be decrypted: SIGNET_KEY_ENCRYPTION_KEY is another key than it was encrypted with, or the file is damaged. ` +
        'Set the right key or restore the file; if either is lost, run: signet keys revoke --all --reason …',
      { cause: error },
    )
  }
}

/**
 * @param encryption undefined: keys are kept in the clear
 * @throws KeyError when the directory is none, or others can write to it
 */
export async function openKeyFiles(
  directory: string,
  encryption?: KeyEncryption,
  trust: FileTrust = ownFilesOnly(),
): Promise<KeyFiles> {
  await openKeyDirectory(directory, trust)

  const extension = encryption === undefined ? PLAIN : ENCRYPTED
  const keyFile = (kid: string, kind: string): string => fileIn(directory, kid, kind)
  /** Behind a dot in front: a process that is killed leaves it, and the next start knows whether it is needed. */
  const preparedFile = (kid: string, kind: string): string => fileIn(directory, kid, `${kind}${UNFINISHED}`, '.')
  const namesOfKeys = async () => (await readdir(directory)).filter(isKey)

  /** An encrypted file wins over one in the clear. */
  async function findFile(kid: string): Promise<string> {
    const names = await readdir(directory)
    const kind = [ENCRYPTED, PLAIN].find(each => names.includes(`${kid}${each}`))
    return keyFile(kid, kind ?? extension)
  }

  async function prepare(kid: string, privateKey: KeyObject): Promise<void> {
    const file = preparedFile(kid, extension)
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
    const text = encryption === undefined ? pem : await encryption.encrypt(pem)
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
      const pem = await decrypt(file, await readPrivately(file, trust), encryption)
      try {
        return createPrivateKey(pem)
      } catch (error) {
        throw new KeyError(`${file} is damaged: it holds no private key. Restore it from a backup of the keys.`, {
          cause: error,
        })
      }
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

    list: async () => [...new Set((await namesOfKeys()).map(kidOf))],

    listPrepared: async () =>
      (await readdir(directory))
        .filter(name => /^\.[\w-]+\.(pem|jwe)\.new$/.test(name))
        .map(name => kidOf(name.slice(1, -UNFINISHED.length))),

    listPlain: async () => (await namesOfKeys()).filter(name => name.endsWith(PLAIN)).map(kidOf),
  }
}
