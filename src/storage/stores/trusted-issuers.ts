import type { Kysely } from 'kysely'
import type { IssuerSettings, TrustedIssuer, TrustedIssuerStore } from '../../records/trusted-issuer.ts'
import type { TrustedIssuersTable } from '../engine/assertion-schema.ts'
import { type Executor, type Param, prepared, send } from '../engine/prepared.ts'
import type { Schema } from '../engine/schema.ts'

const toIssuer = (row: TrustedIssuersTable): TrustedIssuer => ({
  id: row.id,
  name: row.name,
  url: row.url,
  trustDomain: row.trust_domain,
  keySource: JSON.parse(row.key_source),
  audience: row.audience,
  maxLifetimeSeconds: row.max_lifetime_seconds,
  isShared: row.is_shared === 1,
  createdAtMs: row.created_at_ms,
  revision: row.revision,
})

const settingsColumns = (settings: IssuerSettings) => ({
  url: settings.url,
  trust_domain: settings.trustDomain,
  key_source: JSON.stringify(settings.keySource),
  audience: settings.audience,
  max_lifetime_seconds: settings.maxLifetimeSeconds,
  is_shared: settings.isShared ? 1 : 0,
})

export function prepareTrustedIssuerStore(db: Kysely<Schema>): (executor: Executor) => TrustedIssuerStore {
  const byId = (param: Param<{ id: string }>) =>
    db.selectFrom('trusted_issuers').select('revision').where('id', '=', param('id'))
  const revisionOf = prepared<{ id: string }, { revision: number }>(byId)
  const lockRevision = prepared<{ id: string }, { revision: number }>(param => byId(param).forShare())

  return executor => {
    const { kysely, locks } = executor
    const all = () => kysely.selectFrom('trusted_issuers').selectAll()
    return {
      async find(name) {
        const row = await all().where('name', '=', name).executeTakeFirst()
        return row && toIssuer(row)
      },
      async list() {
        return (await all().orderBy('name').execute()).map(toIssuer)
      },
      async findSome(ids) {
        if (ids.length === 0) return []
        return (await all().where('id', 'in', ids).orderBy('id').execute()).map(toIssuer)
      },
      async lock(name) {
        const query = all().where('name', '=', name)
        const row = await (locks ? query.forUpdate() : query).executeTakeFirst()
        return row && toIssuer(row)
      },
      async lockShared(id) {
        return (await (locks ? lockRevision : revisionOf).first(executor, { id }))?.revision
      },
      async insert({ id, name, createdAtMs, revision, ...settings }) {
        const { numInsertedOrUpdatedRows } = await kysely
          .insertInto('trusted_issuers')
          .values({ ...settingsColumns(settings), id, name, created_at_ms: createdAtMs, revision })
          .onConflict(conflict => conflict.doNothing())
          .executeTakeFirst()
        return numInsertedOrUpdatedRows === 1n
      },
      async update(id, settings) {
        const change = kysely
          .updateTable('trusted_issuers')
          .set(row => ({ ...settingsColumns(settings), revision: row('revision', '+', 1) }))
          .where('id', '=', id)
        await send(executor, change)
      },
      async remove(id) {
        await send(executor, kysely.deleteFrom('trusted_issuers').where('id', '=', id))
      },
    }
  }
}
