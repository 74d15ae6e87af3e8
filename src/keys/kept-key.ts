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

/** Whoever made keys under a wrong encryption key would stop every other instance: so it is not told as the next step. */
const IF_LOST = 'If the right key is lost everywhere: docs/runbooks/encryption-key-lost.md'

function undecryptable(name: string, needs: ReturnType<KeyEncryption['needs']>, cause: unknown): KeyError {
  if (needs === 'at_hand')
    return new KeyError(
      `${name} can't be decrypted: it names the key-encryption key that is set, so it is damaged. ${RESTORE}`,
      { cause },
    )
  return new EncryptionKeyError(
    `${name} can't be decrypted: SIGNET_KEY_ENCRYPTION_KEY is another key than it was encrypted with${needs ? ` (${needs.names})` : ''}, ` +
      `or it is damaged. Set the key that the other instances have, or restore what is damaged. ${IF_LOST}`,
    { cause },
  )
}

/** @throws EncryptionKeyError when the key that encrypts it is not at hand, KeyError when it is damaged or another key's */
export async function openKept(
  { kid, name, text, isEncrypted }: KeptKey,
  encryption: KeyEncryption | undefined,
): Promise<Opened> {
  if (!isEncrypted) return { pem: text, under: 'plain' }
  if (encryption === undefined)
    throw new EncryptionKeyError(
      `${name} is encrypted, and SIGNET_KEY_ENCRYPTION_KEY is not set. Set it to the key that it was encrypted with. ${IF_LOST}`,
    )
  const opened = await encryption.decrypt(text, kid).catch(error => {
    throw undecryptable(name, encryption.needs(text), error)
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
