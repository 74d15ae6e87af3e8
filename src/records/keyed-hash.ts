/**
 * Hashes of names that must not be stored as they are. The key is derived from the audit key: every instance has the same, and
 * another one when that key is replaced.
 */
import { createHmac } from 'node:crypto'
import type { AuditSigner } from './audit-seal.ts'

/** HMAC-SHA-256. @param purpose hashes for another purpose have another key */
export function createKeyedHash(purpose: string): (signer: AuditSigner, text: string) => Buffer {
  let derived: { readonly kid: string; readonly key: Buffer } | undefined
  return (signer, text) => {
    if (derived?.kid !== signer.kid) derived = { kid: signer.kid, key: signer.secretFor(purpose) }
    return createHmac('sha256', derived.key).update(text).digest()
  }
}
