import type { RoleStore } from '../../records/role.ts'
import type { Executor } from '../engine/prepared.ts'
import { toRole } from './users.ts'

export const roleStore = (executor: Executor): RoleStore => ({
  async find(name) {
    const query = executor.kysely.selectFrom('roles').selectAll().where('name', '=', name)
    const row = await (executor.locks ? query.forUpdate() : query).executeTakeFirst()
    return row && toRole(row)
  },
  async list() {
    return (await executor.kysely.selectFrom('roles').selectAll().orderBy('name').execute()).map(toRole)
  },
  async usersOf(name) {
    const query = executor.kysely
      .selectFrom('user_roles')
      .select('user_id')
      .where('role_name', '=', name)
      .orderBy('user_id')
    return (await query.execute()).map(({ user_id }) => user_id)
  },
  async insert({ name, permissions }) {
    const { numInsertedOrUpdatedRows } = await executor.kysely
      .insertInto('roles')
      .values({ name, permissions: JSON.stringify(permissions) })
      .onConflict(conflict => conflict.doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  },
  async setPermissions(name, permissions) {
    const change = { permissions: JSON.stringify(permissions) }
    await executor.kysely.updateTable('roles').set(change).where('name', '=', name).execute()
  },
  async delete(name) {
    await executor.kysely.deleteFrom('roles').where('name', '=', name).execute()
  },
})
