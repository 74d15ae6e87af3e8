/** A refresh token family as a request reads it: the row, and after it the roles of its user. */
import { type Kysely, sql } from 'kysely'
import type { Role } from '../../records/role.ts'
import type { SessionReader } from '../../records/session.ts'
import type { Dialect } from '../engine/dialect.ts'
import { type Executor, type Param, prepared } from '../engine/prepared.ts'
import type { RolesTable, Schema } from '../engine/schema.ts'
import { type FamilyRow, toFamily } from './session-rows.ts'
import { noPermissions, prepareRolesOf, toRole } from './users.ts'

interface Values {
  readonly handleHash: string
  readonly now: number
}

export function prepareSessionFamilies(
  db: Kysely<Schema>,
  dialect: Dialect,
): (executor: Executor) => Pick<SessionReader, 'findFamily'> {
  const family = (param: Param<Values>) =>
    db
      .selectFrom('sessions')
      .selectAll()
      .select(row => [
        sql<number | null>`${dialect.nowMs(param('now'))} - rotated_at_ms`.as('rotated_ago_ms'),
        row.selectFrom('users').select('status').whereRef('users.id', '=', 'sessions.subject_id').as('subject_status'),
      ])
      .where('handle_hash', '=', param('handleHash'))
      .$narrowType<{ current_hash: string; subject_status: FamilyRow['subject_status'] }>()
  const find = prepared<Values, FamilyRow>(family)
  const findWithRoles = prepared<Values, FamilyRow & { roles: RolesTable[] | null }>(param =>
    family(param).select(row =>
      row
        .selectFrom('user_roles')
        .innerJoin('roles', 'roles.name', 'user_roles.role_name')
        .whereRef('user_roles.user_id', '=', 'sessions.subject_id')
        .where('permissions', '<>', noPermissions)
        .select(sql<RolesTable[]>`json_agg(json_build_object('name', name, 'permissions', permissions))`.as('roles'))
        .as('roles'),
    ),
  )
  const rolesOf = prepareRolesOf(db)

  return executor => {
    const inTwoStatements = async (values: Values) => {
      const [row] = (await find(executor, values)).rows
      if (row === undefined) return undefined
      return { row, roles: (await rolesOf(executor, { userId: row.subject_id })).rows }
    }
    const inOneRoundTrip = async (values: Values) => {
      const [row] = (await findWithRoles(executor, values)).rows
      return row && { row, roles: row.roles ?? [] }
    }
    return {
      async findFamily(handleHash) {
        const values = { handleHash, now: dialect.clock.now() }
        const found = await (dialect.isRemote ? inOneRoundTrip : inTwoStatements)(values)
        return found && toFamily(found.row, byName(found.roles.map(toRole)))
      },
    }
  }
}

const byName = (roles: readonly Role[]): readonly Role[] => roles.toSorted((a, b) => (a.name < b.name ? -1 : 1))
