/** A refresh token family as a request reads it: the row, and with it the roles of its user. */
import { type Kysely, sql } from 'kysely'
import type { Role } from '../../records/role.ts'
import type { SessionReader } from '../../records/session.ts'
import type { Dialect } from '../engine/dialect.ts'
import { type Executor, prepared } from '../engine/prepared.ts'
import type { Schema } from '../engine/schema.ts'
import { type FamilyRow, toFamily } from './session-rows.ts'
import { noPermissions, toRole } from './user-rows.ts'

interface Values {
  readonly handleHash: string
  readonly now: number
}

export function prepareSessionFamilies(
  db: Kysely<Schema>,
  dialect: Dialect,
): (executor: Executor) => Pick<SessionReader, 'findFamily'> {
  const find = prepared<Values, FamilyRow & { roles: string | null }>(param =>
    db
      .selectFrom('sessions')
      .selectAll()
      .select(row => [
        sql<number | null>`${dialect.nowMs(param('now'))} - rotated_at_ms`.as('rotated_ago_ms'),
        row.selectFrom('users').select('status').whereRef('users.id', '=', 'sessions.subject_id').as('subject_status'),
        row
          .selectFrom('user_roles')
          .innerJoin('roles', 'roles.name', 'user_roles.role_name')
          .whereRef('user_roles.user_id', '=', 'sessions.subject_id')
          .where('permissions', '<>', noPermissions)
          .select(dialect.jsonRows(['name', 'permissions']).as('roles'))
          .as('roles'),
      ])
      .where('handle_hash', '=', param('handleHash'))
      .$narrowType<{ current_hash: string; subject_status: FamilyRow['subject_status'] }>(),
  )

  return executor => ({
    async findFamily(handleHash) {
      const row = await find.first(executor, { handleHash, now: dialect.clock.now() })
      return row && toFamily(row, rolesIn(row.roles ?? '[]'))
    },
  })
}

const rolesIn = (text: string): readonly Role[] => JSON.parse(text).map(toRole).sort(byName)

const byName = (a: Role, b: Role): number => (a.name < b.name ? -1 : 1)
