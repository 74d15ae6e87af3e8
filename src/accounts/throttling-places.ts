/**
 * Where attempts for a name are counted: in one of 2^20 places, by a keyed hash. Nothing else of a name is stored, and whether anybody
 * has it makes no difference: a limit on how many are counted would tell the two apart.
 */
import { createHmac } from 'node:crypto'
import type { AuditSigner } from '../records/audit-seal.ts'

const PLACES = 2 ** 20

export type PlaceOf = (name: string) => Promise<string>

/** @param kind names of different kinds have different places */
export function createPlaces(
  auditKeys: () => Promise<{ current(): AuditSigner }>,
  kind: 'username' | 'client_id',
): PlaceOf {
  let derived: { readonly kid: string; readonly secret: Buffer } | undefined
  return async name => {
    const signer = (await auditKeys()).current()
    if (derived?.kid !== signer.kid) derived = { kid: signer.kid, secret: signer.secretFor('throttling') }
    const digest = createHmac('sha256', derived.secret).update(`${kind}\n${name}`).digest()
    return String(digest.readUInt32BE() % PLACES)
  }
}
