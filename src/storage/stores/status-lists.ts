import { type Kysely, sql } from 'kysely'
import type { StatusList, StatusListStore } from '../../records/status-list.ts'
import { type Executor, prepared } from '../engine/prepared.ts'
import type { Schema, StatusListsTable } from '../engine/schema.ts'

type Row = Pick<StatusListsTable, 'id' | 'opened_at_ms' | 'revision'>

const toStatusList = ({ id, opened_at_ms, revision }: Row): StatusList => ({ id, openedAtMs: opened_at_ms, revision })

export function prepareStatusListStore(db: Kysely<Schema>): (executor: Executor) => StatusListStore {
  const columns = ['id', 'opened_at_ms', 'revision'] as const
  const list = prepared<Record<never, never>, Row>(() =>
    db
      .selectFrom('status_lists')
      .select([...columns])
      .orderBy('opened_at_ms')
      .orderBy('id'),
  )
  const open = sql.lit('open' as const)

  return executor => ({
    async list() {
      return (await list(executor, {})).rows.map(toStatusList)
    },
    async claimBlock(blocks, openedAfterMs) {
      const row = await executor.kysely
        .updateTable('status_lists')
        .set(row => ({ next_block: row('next_block', '+', 1) }))
        .where('state', '=', open)
        .where('next_block', '<', blocks)
        .where('opened_at_ms', '>', openedAfterMs)
        .returning([...columns, 'next_block'])
        .executeTakeFirst()
      return row && { list: toStatusList(row), block: row.next_block - 1 }
    },
    async close(blocks, openedAfterMs) {
      const row = await executor.kysely
        .updateTable('status_lists')
        .set({ state: 'closed' })
        .where('state', '=', open)
        .where(row => row.or([row('next_block', '>=', blocks), row('opened_at_ms', '<=', openedAfterMs)]))
        .returning([...columns])
        .executeTakeFirst()
      return row && toStatusList(row)
    },
    async closeOpen() {
      await executor.kysely.updateTable('status_lists').set({ state: 'closed' }).where('state', '=', open).execute()
    },
    async open({ id, openedAtMs, revision, keepUntilMs }) {
      await executor.kysely
        .insertInto('status_lists')
        .values({ id, state: 'open', next_block: 0, revision, opened_at_ms: openedAtMs, keep_until_ms: keepUntilMs })
        .onConflict(conflict => conflict.doNothing())
        .execute()
    },
    async removeExpired(nowMs) {
      const { numDeletedRows } = await executor.kysely
        .deleteFrom('status_lists')
        .where('keep_until_ms', '<=', nowMs)
        .executeTakeFirst()
      return Number(numDeletedRows)
    },
  })
}
