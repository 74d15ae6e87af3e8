import type { FetchedKeysStore, KeyLocation } from '../../records/fetched-keys.ts'
import type { Executor } from '../engine/prepared.ts'

export const fetchedKeysStore = ({ kysely }: Executor): FetchedKeysStore => ({
  async find({ kind, uri }: KeyLocation) {
    const query = kysely.selectFrom('fetched_keys').selectAll().where('kind', '=', kind).where('uri', '=', uri)
    const row = await query.executeTakeFirst()
    return (
      row && {
        keys: JSON.parse(row.keys),
        leftOut: JSON.parse(row.left_out),
        fetchedAtMs: row.fetched_at_ms ?? undefined,
        failure: row.failed_at_ms === null ? undefined : { atMs: row.failed_at_ms, message: row.failure ?? '' },
      }
    )
  },
  async put({ kind, uri }, { keys, leftOut, fetchedAtMs, failure }) {
    const columns = {
      keys: JSON.stringify(keys),
      left_out: JSON.stringify(leftOut),
      fetched_at_ms: fetchedAtMs ?? null,
      failed_at_ms: failure?.atMs ?? null,
      failure: failure?.message ?? null,
    }
    await kysely
      .insertInto('fetched_keys')
      .values({ kind, uri, ...columns })
      .onConflict(conflict => conflict.columns(['kind', 'uri']).doUpdateSet(columns))
      .execute()
  },
  async putFailure({ kind, uri }, { atMs, message }) {
    const columns = { failed_at_ms: atMs, failure: message }
    await kysely
      .insertInto('fetched_keys')
      .values({ kind, uri, keys: '[]', left_out: '[]', ...columns })
      .onConflict(conflict => conflict.columns(['kind', 'uri']).doUpdateSet(columns))
      .execute()
  },
  async removeUnused(beforeMs, limit) {
    const query = kysely
      .selectFrom('fetched_keys')
      .select(['kind', 'uri'])
      .where(row => row.or([row('fetched_at_ms', 'is', null), row('fetched_at_ms', '<', beforeMs)]))
      .where(row => row.or([row('failed_at_ms', 'is', null), row('failed_at_ms', '<', beforeMs)]))
    const rows = await query.orderBy('kind').orderBy('uri').limit(limit).execute()
    for (const { kind, uri } of rows)
      await kysely.deleteFrom('fetched_keys').where('kind', '=', kind).where('uri', '=', uri).execute()
    return rows.length
  },
})
