import type { Kysely } from 'kysely'
import type { UsedAssertionStore } from '../../records/used-assertion.ts'
import { type Executor, prepared } from '../engine/prepared.ts'
import type { Schema } from '../engine/schema.ts'

export function prepareUsedAssertionStore(db: Kysely<Schema>): (executor: Executor) => UsedAssertionStore {
  const insert = prepared<{ hash: string; untilMs: number }>(param =>
    db
      .insertInto('used_assertions')
      .values({ hash: param('hash'), until_ms: param('untilMs') })
      .onConflict(conflict => conflict.doNothing()),
  )

  return executor => ({
    async use(hash, untilMs) {
      const { changed } = await insert(executor, { hash, untilMs })
      return changed === 1
    },
    async removeExpired(nowMs, limit) {
      const { kysely } = executor
      const over = kysely.selectFrom('used_assertions').select('hash').where('until_ms', '<=', nowMs)
      const hashes = (await over.orderBy('until_ms').orderBy('hash').limit(limit).execute()).map(({ hash }) => hash)
      if (hashes.length === 0) return 0
      const { numDeletedRows } = await kysely
        .deleteFrom('used_assertions')
        .where('hash', 'in', hashes)
        .executeTakeFirst()
      return Number(numDeletedRows)
    },
  })
}
