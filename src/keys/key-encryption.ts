/** Encryption of private keys at rest: JWE in compact form (RFC 7516 §3.1), `dir` with A256GCM (RFC 7518 §4.5, §5.3). */
import { compactDecrypt } from 'jose/jwe/compact/decrypt'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'

export interface KeyEncryption {
  encrypt(text: string): Promise<string>
  /** @throws when it was encrypted with another key, or was changed */
  decrypt(jwe: string): Promise<string>
}

/** @param key 256 bits */
export const createKeyEncryption = (key: Uint8Array): KeyEncryption => ({
  encrypt: text =>
    new CompactEncrypt(new TextEncoder().encode(text)).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(key),
  async decrypt(jwe) {
    const { plaintext } = await compactDecrypt(jwe.trim(), key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    })
    return new TextDecoder().decode(plaintext)
  },
})
