/**
 * Names that nobody has, as the audit keeps them: whoever reads it sees which attempts were for the same name, and nothing of the name,
 * which may be a password that somebody typed into the wrong field.
 */
import { createHmac } from 'node:crypto'
import type { AuditSigner } from '../records/audit-seal.ts'

/** @param kind names of different kinds have different hashes */
export function createNameHash(
  keys: { current(): AuditSigner },
  kind: 'username' | 'client_id',
): (name: string) => string {
  let derived: { readonly kid: string; readonly secret: Buffer } | undefined
  return name => {
    const signer = keys.current()
    if (derived?.kid !== signer.kid) derived = { kid: signer.kid, secret: signer.secretFor('names in the audit') }
    return createHmac('sha256', derived.secret).update(`${kind}\n${name}`).digest('base64url')
  }
}
