/**
 * Names that nobody has, as the audit keeps them: whoever reads it sees which attempts were for the same name, and nothing of the name,
 * which may be a password that somebody typed into the wrong field.
 */
import type { AuditSigner } from '../records/audit-seal.ts'
import { createKeyedHash } from '../records/keyed-hash.ts'

/** @param kind names of different kinds have different hashes */
export function createNameHash(
  keys: { current(): AuditSigner },
  kind: 'username' | 'client_id',
): (name: string) => string {
  const hash = createKeyedHash('names in the audit')
  return name => hash(keys.current(), `${kind}\n${name}`).toString('base64url')
}
