/** How rows become the digest of their seal. */
import { hash } from 'node:crypto'
import { lengthPrefixed } from '../records/audit-encoding.ts'
import type { AuditRow, AuditSeal } from '../records/audit-seal.ts'

/** Of today's seals. Another column, or another way to encode them, needs another number, and goes on knowing these. */
export const ENCODING = 2

/** Those of 1 are from before rows had details: they have none. */
export const isKnownEncoding = (encoding: number): boolean => encoding === 1 || encoding === ENCODING

/** What is missing, empty, a number or a text is never the same, and where a column ends is not up to what it holds. */
function field(value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (typeof value === 'number') return `#${value};`
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return `${typeof value === 'string' ? '' : '?'}${Buffer.byteLength(text)}:${text}`
}

/** SHA-256 of every column but the seal, in this order. A row without details is the same bytes as before there were any. */
export const hashOfRow = (row: AuditRow): Buffer =>
  hash(
    'sha256',
    'signet audit row 1\n' +
      field(row.id) +
      field(row.type) +
      field(row.occurredAtMs) +
      field(row.outcome) +
      field(row.reason) +
      field(row.actor) +
      field(row.userId) +
      field(row.clientId) +
      field(row.sessionId) +
      field(row.target) +
      field(row.address) +
      field(row.userAgent) +
      field(row.requestId) +
      field(row.count) +
      field(row.nameHash) +
      (row.details === null ? '' : field(row.details)),
    'buffer',
  )

/** A comparison of bytes, which no database's collation has a say in. */
export const byId = (one: AuditRow, other: AuditRow): number => (one.id < other.id ? -1 : one.id > other.id ? 1 : 0)

/**
 * @param before the digest of the seal before; undefined of the first one
 * @param hashes of the rows in the order of their ids
 * @returns base64url
 */
export const digestOf = (before: string | undefined, hashes: readonly Buffer[]): string =>
  hash('sha256', lengthPrefixed(['signet audit digest', before ?? '', Buffer.concat(hashes)]), 'base64url')

/** A seal as operators note it. */
export const headOf = ({ number, digest }: Pick<AuditSeal, 'number' | 'digest'>): string => `${number}:${digest}`
