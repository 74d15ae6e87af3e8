/** Users and roles as their rows are read. */
import { sql } from 'kysely'
import type { Role } from '../../records/role.ts'
import type { User } from '../../records/user.ts'
import type { RolesTable, UsersTable } from '../engine/schema.ts'

export const toUser = (row: UsersTable): User => ({
  userId: row.id,
  username: row.username,
  status: row.status,
  passwordHash: row.password_hash,
  passwordId: row.password_id,
  createdAtMs: row.created_at_ms,
})

/** What a role is while it is being deleted: nobody has it then, though it is there until the last token that names it is revoked. */
export const noPermissions = sql.lit('[]')

/**
 * How a hash of another system begins (passwords/stored-hash.ts). A version that knows none of them leaves `hash_cost` as it is where it
 * sets a password: it alone does not tell.
 */
export const importedHash = sql.lit('{%')

export const toRole = (row: RolesTable): Role => ({ name: row.name, permissions: JSON.parse(row.permissions) })
