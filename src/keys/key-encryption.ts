/**
 * Encryption of private keys at rest: JWE in compact form (RFC 7516 §3.1), `dir` with A256GCM (RFC 7518 §4.5, §5.3). The header names
 * the key-encryption key, and whose private half is inside: one that was put in the place of another is refused. Those of before
 * name neither.
 */
import { createHmac } from 'node:crypto'
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { compactDecrypt } from 'jose/jwe/compact/decrypt'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'
import type { PrivateKeyPurpose } from '../records/private-key.ts'

/** Under what a private key is kept: the current key-encryption key (`unnamed`: as it was done before they had names), or the one before. */
export type Protection = 'current' | 'unnamed' | 'before'

export interface KeyEncryption {
  /** @param of the kid of the private key */
  encrypt(text: string, of: string): Promise<string>
  /**
   * @returns `isOf`: false when it was encrypted as the private half of another one
   * @throws when it was encrypted with another key, or was changed
   */
  decrypt(
    jwe: string,
    of: string,
  ): Promise<{ readonly text: string; readonly under: Protection; readonly isOf: boolean }>
  /**
   * Which key-encryption key it says that it needs: `at_hand`, or the names of that one and of those that are set, for the operator;
   * undefined when it does not say.
   */
  needs(jwe: string): 'at_hand' | { readonly names: string } | undefined
}

const NAME_BYTES = 12

/** Tells keys apart, and nothing about them. */
export const nameOfEncryptionKey = (key: Uint8Array): string =>
  createHmac('sha256', key).update('signet key-encryption key').digest().subarray(0, NAME_BYTES).toString('base64url')

/** The members of a header that are ours; none when it is none. */
function headerOf(jwe: string): Readonly<Record<string, unknown>> {
  try {
    return decodeProtectedHeader(jwe.trim())
  } catch {
    return {}
  }
}

/**
 * @param current 256 bits; encrypts, and decrypts
 * @param before decrypts only
 */
export function createKeyEncryption(
  purpose: PrivateKeyPurpose,
  current: Uint8Array,
  before?: Uint8Array,
): KeyEncryption {
  const keys = [current, ...(before === undefined ? [] : [before])].map(key => ({ key, kid: nameOfEncryptionKey(key) }))

  async function open(jwe: string, key: Uint8Array) {
    const { plaintext, protectedHeader } = await compactDecrypt(jwe.trim(), key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    })
    return { text: new TextDecoder().decode(plaintext), header: protectedHeader as Readonly<Record<string, unknown>> }
  }

  return {
    encrypt: (text, of) =>
      new CompactEncrypt(new TextEncoder().encode(text))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: nameOfEncryptionKey(current), purpose, of })
        .encrypt(current),

    async decrypt(jwe, of) {
      const { kid } = headerOf(jwe)
      const named = keys.filter(each => kid === undefined || each.kid === kid)
      let failure: unknown = new Error('It names a key-encryption key that is not at hand.')
      for (const { key } of named) {
        const opened = await open(jwe, key).catch(error => {
          failure = error
        })
        if (opened === undefined) continue
        const { text, header } = opened
        const isOf = kid === undefined || (header['purpose'] === purpose && header['of'] === of)
        if (key !== current) return { text, under: 'before', isOf }
        return { text, under: kid === undefined ? 'unnamed' : 'current', isOf }
      }
      throw failure
    },

    needs(jwe) {
      const { kid } = headerOf(jwe)
      if (typeof kid !== 'string' || !/^[\w-]{16}$/.test(kid)) return undefined
      if (keys.some(each => each.kid === kid)) return 'at_hand'
      return { names: `it says ${kid}, and ${keys.map(each => each.kid).join(' and ')} is set` }
    },
  }
}
