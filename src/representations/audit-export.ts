/** The parts of an audit as the lines of an export, and back. */
import { isoTime } from '../clock.ts'
import type { AuditKey, AuditRow, AuditSeal } from '../records/audit-seal.ts'

/** What `signet audit export` writes, in its first line. */
export const EXPORT_FORMAT = { format: 'signet-audit', version: 1 } as const

type Line = Readonly<Record<string, unknown>>

/** What somebody altered may be no time; it is shown as it is. */
export const timeOf = (milliseconds: unknown): unknown =>
  typeof milliseconds === 'number' && Math.abs(milliseconds) <= 8.64e15 ? isoTime(milliseconds) : milliseconds

/** Only the one way in which it was written: whatever else stands there was altered. */
function millisecondsOf(time: unknown): unknown {
  const milliseconds = typeof time === 'string' ? Date.parse(time) : Number.NaN
  return timeOf(milliseconds) === time ? milliseconds : time
}

export const describeAuditRow = (row: AuditRow) => ({
  id: row.id,
  type: row.type,
  occurred_at: timeOf(row.occurredAtMs),
  outcome: row.outcome,
  reason: row.reason,
  actor: row.actor,
  user_id: row.userId,
  client: row.clientId,
  session_id: row.sessionId,
  target: row.target,
  address: row.address,
  user_agent: row.userAgent,
  request_id: row.requestId,
  count: row.count,
  name_hash: row.nameHash,
  details: row.details,
  seal: row.seal,
})

export const auditRowIn = (line: Line): AuditRow =>
  ({
    id: line['id'],
    type: line['type'],
    occurredAtMs: millisecondsOf(line['occurred_at']),
    outcome: line['outcome'],
    reason: line['reason'],
    actor: line['actor'],
    userId: line['user_id'],
    clientId: line['client'],
    sessionId: line['session_id'],
    target: line['target'],
    address: line['address'],
    userAgent: line['user_agent'],
    requestId: line['request_id'],
    count: line['count'],
    nameHash: line['name_hash'],
    // Exports from before there were any have no such member.
    details: line['details'] ?? null,
    seal: line['seal'],
  }) as AuditRow

export const describeAuditSeal = ({ number, encoding, count, digest, sealedAtMs, kid, signature }: AuditSeal) => ({
  ...{ number, encoding, count, digest },
  sealed_at: timeOf(sealedAtMs),
  ...{ kid, signature },
})

export const auditSealIn = ({ sealed_at: sealedAt, ...line }: Line): AuditSeal =>
  ({ ...line, sealedAtMs: millisecondsOf(sealedAt) }) as unknown as AuditSeal

export const describeAuditKey = ({ number, kid, publicJwk, firstSeal, createdAtMs, signature }: AuditKey) => ({
  number,
  kid,
  first_seal: firstSeal,
  created_at: timeOf(createdAtMs),
  public_jwk: publicJwk,
  signature,
})

export function auditKeyIn(line: Line): AuditKey {
  const { number, kid, signature, first_seal: firstSeal, created_at: createdAt, public_jwk: publicJwk } = line
  const jwk = typeof publicJwk === 'object' && publicJwk !== null ? publicJwk : {}
  return { number, kid, signature, firstSeal, publicJwk: jwk, createdAtMs: millisecondsOf(createdAt) } as AuditKey
}
