/**
 * What the signatures of the audit cover. Each part stands behind its length, so that no two lists of parts are the same bytes; a label
 * in front says what the signature is for.
 */
import type { AuditSeal } from './audit-seal.ts'

export function lengthPrefixed(parts: readonly (string | number | Uint8Array)[]): Buffer {
  const encoded: Uint8Array[] = []
  for (const part of parts) {
    const bytes = part instanceof Uint8Array ? part : Buffer.from(String(part))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    encoded.push(length, bytes)
  }
  return Buffer.concat(encoded)
}

/** @param databaseId a seal of one database is none of another, though both may have the same key */
export const sealMessage = (databaseId: string, seal: Omit<AuditSeal, 'signature'>): Buffer =>
  lengthPrefixed([
    ...['signet audit seal', databaseId, seal.number, seal.encoding, seal.count, seal.sealedAtMs],
    ...[seal.kid, seal.digest],
  ])

/** With which a key names its successor. */
export const successorMessage = (
  databaseId: string,
  successor: { readonly number: number; readonly firstSeal: number; readonly kid: string },
): Buffer => lengthPrefixed(['signet audit key', databaseId, successor.number, successor.firstSeal, successor.kid])
