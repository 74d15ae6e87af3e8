import type { AuditKey, AuditSeal, AuditSealStore } from '../../records/audit-seal.ts'
import type { AuditKeysTable, AuditSealsTable } from '../engine/audit-schema.ts'
import type { Executor } from '../engine/prepared.ts'
import { toAuditRow } from './audit-rows.ts'

/** What somebody wrote there that is no JSON fits no key. */
function parsed(text: string): AuditKey['publicJwk'] {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}

const toKey = (row: AuditKeysTable): AuditKey => ({
  number: row.number,
  kid: row.kid,
  publicJwk: parsed(row.public_jwk),
  firstSeal: row.first_seal,
  createdAtMs: row.created_at_ms,
  signature: row.signature,
})

const toSeal = ({ sealed_at_ms: sealedAtMs, ...row }: AuditSealsTable): AuditSeal => ({ ...row, sealedAtMs })

export const auditSealStore = ({ kysely, locks }: Executor): AuditSealStore => {
  const events = () => kysely.selectFrom('audit_events').selectAll()

  async function keys() {
    const rows = await kysely.selectFrom('audit_keys').selectAll().orderBy('number').execute()
    return rows.map(toKey)
  }

  return {
    keys,
    async last() {
      const newest = kysely.selectFrom('audit_seals').selectAll().orderBy('number', 'desc').limit(1)
      const row = await newest.executeTakeFirst()
      return row && toSeal(row)
    },
    async seals(afterNumber, limit) {
      const all = kysely.selectFrom('audit_seals').selectAll()
      const query = afterNumber === undefined ? all : all.where('number', '>', afterNumber)
      return (await query.orderBy('number').limit(limit).execute()).map(toSeal)
    },
    async unsealed(afterId, limit) {
      const query = events().where('seal', 'is', null).where('id', '>', afterId)
      return (await query.orderBy('id').limit(limit).execute()).map(toAuditRow)
    },
    async sealed(afterNumber, toNumber, limit) {
      // Not from some lowest number on: what somebody wrote there may be below it.
      const after =
        afterNumber === undefined ? events().where('seal', 'is not', null) : events().where('seal', '>', afterNumber)
      const query = toNumber === undefined ? after : after.where('seal', '<=', toNumber)
      return (await query.orderBy('seal').orderBy('id').limit(limit).execute()).map(toAuditRow)
    },
    async insertKey({ number, kid, publicJwk, firstSeal, createdAtMs, signature }) {
      const { numInsertedOrUpdatedRows } = await kysely
        .insertInto('audit_keys')
        .values({
          ...{ number, kid, signature },
          first_seal: firstSeal,
          public_jwk: JSON.stringify(publicJwk),
          created_at_ms: createdAtMs,
        })
        .onConflict(conflict => conflict.doNothing())
        .executeTakeFirst()
      return numInsertedOrUpdatedRows === 1n
    },
    async lockNewestKey() {
      const newest = kysely.selectFrom('audit_keys').select('kid').orderBy('number', 'desc').limit(1)
      if (locks) await newest.forUpdate().execute()
      // Whoever waited for the lock has locked what was the newest before: another statement sees what is committed since.
      return (await keys()).at(-1)
    },
    async claim(ids, number) {
      const claiming = kysely.updateTable('audit_events').set({ seal: number }).where('seal', 'is', null)
      return Number((await claiming.where('id', 'in', ids).executeTakeFirst()).numUpdatedRows)
    },
    async insert({ sealedAtMs, ...seal }) {
      const { numInsertedOrUpdatedRows } = await kysely
        .insertInto('audit_seals')
        .values({ ...seal, sealed_at_ms: sealedAtMs })
        .onConflict(conflict => conflict.doNothing())
        .executeTakeFirst()
      return numInsertedOrUpdatedRows === 1n
    },
    async removeUpTo(number) {
      const { numDeletedRows } = await kysely.deleteFrom('audit_events').where('seal', '<=', number).executeTakeFirst()
      await kysely.deleteFrom('audit_seals').where('number', '<', number).execute()
      return Number(numDeletedRows)
    },
  }
}
