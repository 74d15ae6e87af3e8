/** Private keys at rest in the database, always encrypted (key-encryption.ts): who has a copy of the database has no key. */
import type { KeyObject } from 'node:crypto'
import type { PrivateKeyPurpose, PrivateKeyReader, StoredPrivateKey } from '../records/private-key.ts'
import { KeyError } from '../records/signing-key.ts'
import type { Write } from '../records/unit-of-work.ts'
import { assertEncrypts, type KeptKey, openKept, pemOf, privateKeyFrom, protectionOf } from './kept-key.ts'
import type { KeyEncryption } from './key-encryption.ts'
import { MissingKey } from './key-errors.ts'
import type { KeyStore, LeftKey } from './private-keys.ts'

const nameOf = (kid: string): string => `${kid} (in the database)`

const asKept = ({ kid, jwe }: StoredPrivateKey): KeptKey => ({ kid, name: nameOf(kid), text: jwe, isEncrypted: true })

/** @param encryption undefined: nothing can be read or written, only listed */
export function createKeyTable(dependencies: {
  readonly purpose: PrivateKeyPurpose
  readonly read: PrivateKeyReader
  readonly write: Write
  readonly encryption: KeyEncryption | undefined
}): KeyStore {
  const { purpose, read, write, encryption } = dependencies

  const kidsIn = async (state: StoredPrivateKey['state']) =>
    (await read.list(purpose)).filter(key => key.state === state).map(({ kid }) => kid)

  async function encrypted(kid: string, privateKey: KeyObject): Promise<string> {
    assertEncrypts(encryption)
    return encryption.encrypt(pemOf(privateKey), kid)
  }

  /** False when somebody changed or removed it meanwhile. */
  async function rewrapOne(key: StoredPrivateKey): Promise<boolean> {
    assertEncrypts(encryption)
    const { pem, under } = await openKept(asKept(key), encryption)
    if (under === 'current') return false
    privateKeyFrom(pem, nameOf(key.kid))
    const jwe = await encryption.encrypt(pem, key.kid)
    return write(({ privateKeys }) => privateKeys.replace(purpose, key.kid, key.jwe, jwe))
  }

  return {
    async read(kid) {
      const found = (await read.list(purpose)).find(key => key.kid === kid)
      if (found === undefined) throw new MissingKey(nameOf(kid))
      const { pem } = await openKept(asKept(found), encryption)
      if (found.state === 'prepared') await write(({ privateKeys }) => privateKeys.keep(purpose, kid))
      return privateKeyFrom(pem, nameOf(kid))
    },

    nameOf: async kid => nameOf(kid),

    async prepare(kid, privateKey) {
      const jwe = await encrypted(kid, privateKey)
      if (await write(({ privateKeys }) => privateKeys.insert(purpose, { kid, state: 'prepared', jwe }))) return
      throw new KeyError(`There is a private key ${nameOf(kid)} already.`)
    },

    async commit(kid, privateKey) {
      const jwe = privateKey && (await encrypted(kid, privateKey))
      await write(async ({ privateKeys }) => {
        if ((await privateKeys.keep(purpose, kid)) || jwe === undefined) return
        await privateKeys.insert(purpose, { kid, state: 'kept', jwe })
      })
    },

    discard: kid => write(({ privateKeys }) => privateKeys.remove(purpose, kid, 'prepared')),

    remove: kid => write(({ privateKeys }) => privateKeys.remove(purpose, kid, 'kept')),

    list: () => kidsIn('kept'),

    listPrepared: () => kidsIn('prepared'),

    async protections() {
      const keys = await read.list(purpose)
      return Promise.all(keys.map(async key => ({ kid: key.kid, under: await protectionOf(asKept(key), encryption) })))
    },

    async rewrap() {
      assertEncrypts(encryption)
      const [done, left]: [string[], LeftKey[]] = [[], []]
      for (const key of await read.list(purpose))
        try {
          if (await rewrapOne(key)) done.push(key.kid)
        } catch (error) {
          if (!(error instanceof KeyError)) throw error
          left.push({ kid: key.kid, problem: error.message })
        }
      return { done, left }
    },
  }
}
