import type { Kysely } from 'kysely'
import type { SessionStore } from '../../records/session.ts'
import type { Dialect } from '../engine/dialect.ts'
import { type Executor, prepared, send } from '../engine/prepared.ts'
import type { Schema, SessionsTable } from '../engine/schema.ts'
import { prepareSessionChanges } from './session-changes.ts'
import { prepareSessionEnds } from './session-ends.ts'
import { prepareSessionFamilies } from './session-families.ts'
import { countAlive, countLive, countOpen, listSessions, matching, pageOfSessions } from './session-list.ts'
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
  const findByCredential = prepared<{ credentialId: string; clientId: string }, SessionsTable>(param =>
    db
      .selectFrom('sessions')
      .selectAll()
      .where('credential_id', '=', param('credentialId'))
      .where('client_id', '=', param('clientId'))
      .where('ended_at_ms', 'is', null),
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
    list: (...which) => listSessions(executor.kysely, ...which),
    page: (...which) => pageOfSessions(executor.kysely, ...which),
    countLive: (...which) => countLive(executor.kysely, ...which),
    countAlive: (...which) => countAlive(executor.kysely, ...which),
    countOpen: most => countOpen(executor.kysely, most),
    async findByCredential(credentialId, clientId) {
      const row = await findByCredential.first(executor, { credentialId, clientId })
      return row && toSession(row)
    },
    async findHolder(subjectId, reference) {
      const query = executor.kysely.selectFrom('sessions').selectAll()
      const row = await query.where(of => matching(of, { subjectId, holds: reference })).executeTakeFirst()
      return row && toSession(row)
    },
    async insert(session) {
      const insertion = executor.kysely.insertInto('sessions').values(toRow(session))
      // A sign-in is in nobody's way.
      if (session.credentialId === null) {
        await send(executor, insertion)
        return true
      }
      const { numInsertedOrUpdatedRows } = await insertion
        .onConflict(conflict =>
          conflict
            .columns(['credential_id', 'client_id'])
            .where('ended_at_ms', 'is', null)
            .where('credential_id', 'is not', null)
            .doNothing(),
        )
        .executeTakeFirst()
      return numInsertedOrUpdatedRows === 1n
    },
    ...families(executor),
    ...changes(executor),
    ...ends(executor),
    ...sessionSweep(executor),
  })
}
