import type { RoleStore } from '../../records/role.ts'
import type { Executor } from '../engine/prepared.ts'
import { noPermissions, toRole } from './user-rows.ts'

export const roleStore = ({ kysely, locks }: Executor): RoleStore => ({
  async find(name) {
    const query = kysely
      .selectFrom('roles')
      .selectAll()
      .where('name', '=', name)
      .where('permissions', '<>', noPermissions)
    const row = await (locks ? query.forUpdate() : query).executeTakeFirst()
    return row && toRole(row)
  },
  async list() {
    const query = kysely.selectFrom('roles').selectAll().where('permissions', '<>', noPermissions).orderBy('name')
    return (await query.execute()).map(toRole)
  },
  async insert({ name, permissions }) {
    const { numInsertedOrUpdatedRows } = await kysely
      .insertInto('roles')
      .values({ name, permissions: JSON.stringify(permissions) })
      .onConflict(conflict => conflict.doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  },
  async setPermissions(name, permissions) {
    const change = { permissions: JSON.stringify(permissions) }
    await kysely.updateTable('roles').set(change).where('name', '=', name).execute()
  },
  async nextUserOf(name, afterUserId) {
    const row = await kysely
      .selectFrom('user_roles')
      .select('user_id')
      .where('role_name', '=', name)
      .where('user_id', '>', afterUserId)
      .orderBy('user_id')
      .limit(1)
      .executeTakeFirst()
    return row?.user_id
  },
  async deleteIfEmpty(name) {
    await kysely.deleteFrom('roles').where('name', '=', name).where('permissions', '=', noPermissions).execute()
  },
})
