import type { AuditKey, AuditSeal, AuditSealStore } from '../../records/audit-seal.ts'
import type { AuditKeysTable, AuditSealsTable } from '../engine/audit-schema.ts'
import type { Executor } from '../engine/prepared.ts'

const toKey = (row: AuditKeysTable): AuditKey => ({
  kid: row.kid,
  publicJwk: JSON.parse(row.public_jwk),
  firstSeal: row.first_seal,
  createdAtMs: row.created_at_ms,
  signature: row.signature,
})

const toSeal = (row: AuditSealsTable): AuditSeal => ({
  number: row.number,
  count: row.count,
  digest: row.digest,
  sealedAtMs: row.sealed_at_ms,
  kid: row.kid,
  signature: row.signature,
})

export const auditSealStore = ({ kysely }: Executor): AuditSealStore => ({
  async keys() {
    const rows = await kysely.selectFrom('audit_keys').selectAll().orderBy('first_seal').execute()
    return rows.map(toKey)
  },
  async last() {
    const row = await kysely.selectFrom('audit_seals').selectAll().orderBy('number', 'desc').limit(1).executeTakeFirst()
    return row && toSeal(row)
  },
  async insertKey({ kid, publicJwk, firstSeal, createdAtMs, signature }) {
    const { numInsertedOrUpdatedRows } = await kysely
      .insertInto('audit_keys')
      .values({
        first_seal: firstSeal,
        kid,
        public_jwk: JSON.stringify(publicJwk),
        created_at_ms: createdAtMs,
        signature,
      })
      .onConflict(conflict => conflict.doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  },
})
