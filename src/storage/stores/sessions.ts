import type { Kysely } from 'kysely'
import type { SessionStore } from '../../records/session.ts'
import type { Dialect } from '../engine/dialect.ts'
import { type Executor, prepared } from '../engine/prepared.ts'
import type { Schema, SessionsTable } from '../engine/schema.ts'
import { prepareSessionChanges } from './session-changes.ts'
import { prepareSessionEnds } from './session-ends.ts'
import { prepareSessionFamilies } from './session-families.ts'
import { countLive, listSessions } from './session-list.ts'
import { toRow, toSession } from './session-rows.ts'
import { sessionSweep } from './session-sweep.ts'

/** One store for one table; what is done to it lies in a file for each purpose. */
export function prepareSessionStore(db: Kysely<Schema>, dialect: Dialect): (executor: Executor) => SessionStore {
  const find = prepared<{ sessionId: string }, SessionsTable>(param =>
    db.selectFrom('sessions').selectAll().where('id', '=', param('sessionId')),
  )
  const findByHandle = prepared<{ handleHash: string }, SessionsTable>(param =>
    db.selectFrom('sessions').selectAll().where('handle_hash', '=', param('handleHash')),
  )
  const families = prepareSessionFamilies(db, dialect)
  const changes = prepareSessionChanges(db, dialect)
  const ends = prepareSessionEnds(db, dialect)

  return executor => ({
    async find(sessionId) {
      const { rows } = await find(executor, { sessionId })
      return rows[0] && toSession(rows[0])
    },
    async findByHandle(handleHash) {
      const { rows } = await findByHandle(executor, { handleHash })
      return rows[0] && toSession(rows[0])
    },
    list: (filter, nowMs, limit) => listSessions(executor.kysely, filter, nowMs, limit),
    countLive: (...which) => countLive(executor.kysely, ...which),
    async insert(session) {
      await executor.kysely.insertInto('sessions').values(toRow(session)).execute()
    },
    ...families(executor),
    ...changes(executor),
    ...ends(executor),
    ...sessionSweep(executor),
  })
}
