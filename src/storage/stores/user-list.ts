/** Users as the operators look for them. */
import type { Expression, ExpressionBuilder, Kysely, SqlBool } from 'kysely'
import type { ListedUser, UserFilter, UserPlace } from '../../records/user.ts'
import type { Dialect } from '../engine/dialect.ts'
import { notDeleted } from '../engine/prepared.ts'
import type { Schema } from '../engine/schema.ts'
import { importedHash, noPermissions, toUser } from './user-rows.ts'

function matching(row: ExpressionBuilder<Schema, 'users'>, dialect: Dialect, filter: UserFilter) {
  const { key, keyPart, status, role, hasImportedHash } = filter
  // Said of active and disabled ones, too: the index of the names has those who are not deleted.
  const conditions: Expression<SqlBool>[] = [row('users.status', status === 'deleted' ? '=' : '<>', notDeleted)]
  if (status === 'active' || status === 'disabled') conditions.push(row('users.status', '=', status))
  if (key !== undefined) conditions.push(row('users.username_key', '=', key))
  if (keyPart !== undefined) conditions.push(dialect.contains(row.ref('users.username_key'), keyPart))
  if (hasImportedHash)
    conditions.push(row('users.hash_cost', 'is not', null), row('users.password_hash', 'like', importedHash))
  // Looked up once, not for each user: few may have it.
  if (role !== undefined)
    conditions.push(row('users.id', 'in', grants(row).select('user_id').where('role_name', '=', role)))
  return row.and(conditions)
}

const grants = (row: ExpressionBuilder<Schema, 'users'>) =>
  row
    .selectFrom('user_roles')
    .innerJoin('roles', 'roles.name', 'user_roles.role_name')
    .where('roles.permissions', '<>', noPermissions)

export async function listUsers(
  kysely: Kysely<Schema>,
  dialect: Dialect,
  filter: UserFilter,
  limit: number,
  after?: UserPlace,
): Promise<readonly ListedUser[]> {
  const query = kysely
    .selectFrom('users')
    .selectAll('users')
    .select(row =>
      grants(row)
        .whereRef('user_roles.user_id', '=', 'users.id')
        .select(dialect.jsonRows(['role_name']).as('roles'))
        .as('roles'),
    )
    .where(row => matching(row, dialect, filter))
    .orderBy('users.username_key')
    .orderBy('users.id')
    .limit(limit)
  const rows = await (after === undefined ? query : query.where(row => isBehind(row, after))).execute()
  return rows.map(row => ({ ...toUser(row), usernameKey: row.username_key, roles: rolesIn(row.roles ?? '[]') }))
}

/** Said of the name alone, too: then the index of those who are not deleted, which has nothing else, is entered at this place. */
const isBehind = (row: ExpressionBuilder<Schema, 'users'>, { usernameKey, userId }: UserPlace) =>
  row.and([
    row('users.username_key', '>=', usernameKey),
    row.or([row('users.username_key', '>', usernameKey), row('users.id', '>', userId)]),
  ])

const rolesIn = (text: string): readonly string[] =>
  JSON.parse(text)
    .map(({ role_name }: { role_name: string }) => role_name)
    .sort()
