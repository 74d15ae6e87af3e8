import type { InsertObject, Kysely } from 'kysely'
import type { Revocation, RevocationStore } from '../../records/status-list.ts'
import type { Dialect } from '../engine/dialect.ts'
import { type Executor, prepared, send } from '../engine/prepared.ts'
import type { RevocationsTable, Schema } from '../engine/schema.ts'

/** By list, then by index: two writes never wait for each other. */
const inOrder = (a: Revocation, b: Revocation): number =>
  a.listId === b.listId ? a.index - b.index : a.listId < b.listId ? -1 : 1

/** Of each index the one that lasts longest: no statement writes a row twice. */
function onceEach(revocations: readonly Revocation[]): readonly Revocation[] {
  const latest = revocations.toSorted((a, b) => a.untilMs - b.untilMs)
  return [...new Map(latest.map(one => [`${one.listId} ${one.index}`, one])).values()]
}

const toRow = ({ listId, index, untilMs }: Revocation): RevocationsTable => ({
  list_id: listId,
  status_index: index,
  until_ms: untilMs,
})

export function prepareRevocationStore(db: Kysely<Schema>, dialect: Dialect): (executor: Executor) => RevocationStore {
  const indicesOf = prepared<{ listId: string; afterIndex: number; limit: number }, { status_index: number }>(param =>
    db
      .selectFrom('revocations')
      .select('status_index')
      .where('list_id', '=', param('listId'))
      .where('status_index', '>', param('afterIndex'))
      .orderBy('status_index')
      .limit(param('limit')),
  )
  const insertion = (kysely: Kysely<Schema>, rows: InsertObject<Schema, 'revocations'> | readonly RevocationsTable[]) =>
    kysely
      .insertInto('revocations')
      .values(rows)
      // Whoever revokes again makes it last longer, never shorter.
      .onConflict(conflict =>
        conflict
          .columns(['list_id', 'status_index'])
          .doUpdateSet(row => ({ until_ms: row.ref('excluded.until_ms') }))
          .whereRef('excluded.until_ms', '>', 'revocations.until_ms'),
      )
  const insertOne = prepared<RevocationsTable>(param =>
    insertion(db, { list_id: param('list_id'), status_index: param('status_index'), until_ms: param('until_ms') }),
  )
  const removeExpired = prepared<{ nowMs: number; limit: number }, Pick<RevocationsTable, 'list_id'>>(param =>
    db
      .deleteFrom('revocations')
      .where(({ eb, refTuple, selectFrom }) =>
        eb(
          refTuple('list_id', 'status_index'),
          'in',
          selectFrom('revocations as some')
            .select(['some.list_id', 'some.status_index'])
            .where('some.until_ms', '<=', param('nowMs'))
            .orderBy('some.until_ms')
            .limit(param('limit'))
            .$asTuple('list_id', 'status_index'),
        ),
      )
      // Somebody may have revoked one again since it was chosen.
      .where('until_ms', '<=', param('nowMs'))
      .returning('list_id'),
  )
  const touch = prepared<{ listId: string; now: number }>(param =>
    db
      .updateTable('status_lists')
      .set(list => ({ revision: list('revision', '+', 1), revised_at_ms: dialect.nowMs(param('now')) }))
      .where('id', '=', param('listId')),
  )

  return executor => {
    /** In one order, so that two transactions never wait for each other. */
    const touchAll = async (listIds: readonly string[]) => {
      const now = dialect.clock.now()
      for (const listId of [...new Set(listIds)].sort()) await touch.send(executor, { listId, now })
    }
    return {
      async listIndices(listId, afterIndex, limit) {
        return (await indicesOf(executor, { listId, afterIndex, limit })).rows.map(({ status_index }) => status_index)
      },
      async add(revocations) {
        const rows = onceEach(revocations).toSorted(inOrder).map(toRow)
        const [first] = rows
        if (first === undefined) return
        // Nearly always it is one.
        if (rows.length === 1) await insertOne.send(executor, first)
        else await send(executor, insertion(executor.kysely, rows))
        await touchAll(revocations.map(({ listId }) => listId))
      },
      async removeExpired(nowMs, limit) {
        const { rows: over } = await removeExpired(executor, { nowMs, limit })
        await touchAll(over.map(({ list_id }) => list_id))
        return over.length
      },
    }
  }
}
