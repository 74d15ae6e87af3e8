/** An audit as it is read, from a database or from an export, in the order in which it is checked. */
import type { AuditKey, AuditRow, AuditSeal } from '../records/audit-seal.ts'

export type AuditItem =
  /** The first one. */
  | { readonly kind: 'database'; readonly id: string }
  /** Before the first seal that it signed. */
  | { readonly kind: 'key'; readonly key: AuditKey }
  | { readonly kind: 'batch'; readonly seal: AuditSeal; readonly rows: readonly AuditRow[] }
  /** Rows that name a seal which is not there. */
  | { readonly kind: 'stray'; readonly rows: readonly AuditRow[] }
  | { readonly kind: 'unsealed'; readonly rows: readonly AuditRow[] }
  /** The retention removed what was to come next; it goes on with what is the first seal now. */
  | { readonly kind: 'removed_meanwhile' }
