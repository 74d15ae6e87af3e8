/**
 * Where attempts for a name are counted: in one of 2^20 places, by a keyed hash. Nothing else of a name is stored, and whether anybody
 * has it makes no difference: a limit on how many are counted would tell the two apart.
 */
import type { AuditSigner } from '../records/audit-seal.ts'
import { createKeyedHash } from '../records/keyed-hash.ts'

const PLACES = 2 ** 20

export type PlaceOf = (name: string) => Promise<string>

/** @param kind names of different kinds have different places */
export function createPlaceOf(
  auditKeys: () => Promise<{ current(): AuditSigner }>,
  kind: 'username' | 'client_id',
): PlaceOf {
  const hash = createKeyedHash('throttling')
  return async name => String(hash((await auditKeys()).current(), `${kind}\n${name}`).readUInt32BE() % PLACES)
}
