import { type Kysely, sql } from 'kysely'
import type { SessionStore } from '../../records/session.ts'
import type { Dialect } from '../engine/dialect.ts'
import { type Executor, prepared } from '../engine/prepared.ts'
import type { Schema, SessionsTable } from '../engine/schema.ts'
import { prepareSessionEnds } from './session-ends.ts'
import { countLive, listSessions } from './session-list.ts'
import { prepareSessionRotation } from './session-rotation.ts'
import { type FamilyRow, toFamily, toRow, toSession } from './session-rows.ts'
import { sessionSweep } from './session-sweep.ts'

/** One store for one table; what is done to it lies in a file for each purpose. */
export function prepareSessionStore(db: Kysely<Schema>, dialect: Dialect): (executor: Executor) => SessionStore {
  const find = prepared<{ sessionId: string }, SessionsTable>(param =>
    db.selectFrom('sessions').selectAll().where('id', '=', param('sessionId')),
  )
  const findByHandleHash = prepared<{ handleHash: string; now: number }, FamilyRow>(param =>
    db
      .selectFrom('sessions')
      .selectAll()
      .select(sql<number | null>`${dialect.nowMs(param('now'))} - rotated_at_ms`.as('rotated_ago_ms'))
      .where('handle_hash', '=', param('handleHash'))
      .$narrowType<{ current_hash: string }>(),
  )
  const rotation = prepareSessionRotation(db, dialect)
  const ends = prepareSessionEnds(db, dialect)

  return executor => ({
    async find(sessionId) {
      const { rows } = await find(executor, { sessionId })
      return rows[0] && toSession(rows[0])
    },
    async findByHandleHash(handleHash) {
      const { rows } = await findByHandleHash(executor, { handleHash, now: dialect.clock.now() })
      return rows[0] && toFamily(rows[0])
    },
    list: (filter, nowMs) => listSessions(executor.kysely, filter, nowMs),
    countLive: (usedFromMs, usedBeforeMs, nowMs) => countLive(executor.kysely, usedFromMs, usedBeforeMs, nowMs),
    async insert(session) {
      await executor.kysely.insertInto('sessions').values(toRow(session)).execute()
    },
    ...rotation(executor),
    ...ends(executor),
    ...sessionSweep(executor),
  })
}
