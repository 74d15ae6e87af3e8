/** A private key as it is kept: PKCS#8, in the clear or encrypted (key-encryption.ts). */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { KeyError } from '../records/signing-key.ts'
import type { KeyEncryption, Protection } from './key-encryption.ts'
import { EncryptionKeyError, RESTORE } from './key-errors.ts'

export interface KeptKey {
  readonly kid: string
  /** What messages to the operator call it. */
  readonly name: string
  readonly text: string
  readonly isEncrypted: boolean
}

interface Opened {
  readonly pem: string
  readonly under: Protection | 'plain'
}

/** @throws EncryptionKeyError when it can't be decrypted, KeyError when it is another key's */
export async function openKept(
  { kid, name, text, isEncrypted }: KeptKey,
  encryption: KeyEncryption | undefined,
): Promise<Opened> {
  if (!isEncrypted) return { pem: text, under: 'plain' }
  if (encryption === undefined)
    throw new EncryptionKeyError(
      `${name} is encrypted, and SIGNET_KEY_ENCRYPTION_KEY is not set. Set it to the key that it was encrypted with; ` +
        'if that key is lost, run: signet keys revoke --all --reason …',
    )
  const opened = await encryption.decrypt(text, kid).catch(error => {
    const names = encryption.namesIn(text)
    throw new EncryptionKeyError(
      `${name} can't be decrypted: SIGNET_KEY_ENCRYPTION_KEY is another key than it was encrypted with${names && ` (${names})`}, ` +
        'or it is damaged. Set the right key or restore what is damaged; if either is lost, run: signet keys revoke --all --reason …',
      { cause: error },
    )
  })
  if (!opened.isOf) throw new KeyError(`${name} holds the private half of another key. ${RESTORE}`)
  return { pem: opened.text, under: opened.under }
}

/** Under what it is kept; `unknown` when that can't be known. */
export const protectionOf = (kept: KeptKey, encryption: KeyEncryption | undefined) =>
  openKept(kept, encryption).then(
    ({ under }) => under,
    error => {
      if (error instanceof KeyError) return 'unknown' as const
      throw error
    },
  )

/** @throws KeyError that names it */
export function privateKeyFrom(pem: string, name: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw new KeyError(`${name} is damaged: it holds no private key. Restore it from a backup of the keys.`, {
      cause: error,
    })
  }
}

export const pemOf = (privateKey: KeyObject): string => privateKey.export({ format: 'pem', type: 'pkcs8' }) as string

/** @throws KeyError when there is no key to encrypt under */
export function assertEncrypts(encryption: KeyEncryption | undefined): asserts encryption is KeyEncryption {
  if (encryption === undefined)
    throw new KeyError(
      'SIGNET_KEY_ENCRYPTION_KEY is not set: there is no key under which private keys can be encrypted.',
    )
}
