import { type Kysely, sql } from 'kysely'
import type { StatusList, StatusListStore } from '../../records/status-list.ts'
import type { Dialect } from '../engine/dialect.ts'
import { type Executor, prepared } from '../engine/prepared.ts'
import type { Schema, StatusListsTable } from '../engine/schema.ts'

type Row = Pick<StatusListsTable, 'id' | 'opened_at_ms' | 'size' | 'revision'>
type SeenRow = Row & { revised_at_ms: number; read_at_ms: number }

const toStatusList = ({ id, opened_at_ms, size, revision }: Row): StatusList => ({
  id,
  openedAtMs: opened_at_ms,
  size,
  revision,
})

export function prepareStatusListStore(db: Kysely<Schema>, dialect: Dialect): (executor: Executor) => StatusListStore {
  const columns = ['id', 'opened_at_ms', 'size', 'revision'] as const
  const list = prepared<{ now: number }, SeenRow>(param =>
    db
      .selectFrom('status_lists')
      .select([...columns, 'revised_at_ms', dialect.nowMs(param('now')).as('read_at_ms')])
      .orderBy('opened_at_ms')
      .orderBy('id'),
  )
  const open = sql.lit('open' as const)

  return executor => ({
    async list() {
      const { rows } = await list(executor, { now: dialect.clock.now() })
      return rows.map(row => ({ ...toStatusList(row), revisedAtMs: row.revised_at_ms, readAtMs: row.read_at_ms }))
    },
    async claimBlock(blocks, { afterMs, untilMs }) {
      const row = await executor.kysely
        .updateTable('status_lists')
        .set(row => ({ next_block: row('next_block', '+', 1) }))
        .where('state', '=', open)
        .where('next_block', '<', blocks)
        .where('opened_at_ms', '>', afterMs)
        .where('opened_at_ms', '<=', untilMs)
        .returning([...columns, 'next_block'])
        .executeTakeFirst()
      return row && { list: toStatusList(row), block: row.next_block - 1 }
    },
    async close(blocks, { afterMs, untilMs }) {
      await executor.kysely
        .updateTable('status_lists')
        .set({ state: 'closed' })
        .where('state', '=', open)
        .where(row =>
          row.or([
            row('next_block', '>=', blocks),
            row('opened_at_ms', '<=', afterMs),
            row('opened_at_ms', '>', untilMs),
          ]),
        )
        .execute()
    },
    async closeOpen() {
      await executor.kysely.updateTable('status_lists').set({ state: 'closed' }).where('state', '=', open).execute()
    },
    async last(openedUntilMs) {
      const row = await executor.kysely
        .selectFrom('status_lists')
        .select(['id', 'opened_at_ms', 'size', 'next_block'])
        .where('opened_at_ms', '<=', openedUntilMs)
        .orderBy('opened_at_ms', 'desc')
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row && { id: row.id, openedAtMs: row.opened_at_ms, size: row.size, claimedBlocks: row.next_block }
    },
    async open({ id, openedAtMs, size, revision, keepUntilMs }) {
      await executor.kysely
        .insertInto('status_lists')
        .values({
          ...{ id, size, revision },
          state: 'open',
          next_block: 0,
          opened_at_ms: openedAtMs,
          revised_at_ms: dialect.nowMs(sql.val(dialect.clock.now())),
          keep_until_ms: keepUntilMs,
        })
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
