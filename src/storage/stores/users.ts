import type { Kysely } from 'kysely'
import type { UserReader, UserStore } from '../../records/user.ts'
import type { Dialect } from '../engine/dialect.ts'
import { type Executor, notDeleted, type Param, prepared } from '../engine/prepared.ts'
import type { RolesTable, Schema, UsersTable } from '../engine/schema.ts'
import { listUsers } from './user-list.ts'
import { importedHash, noPermissions, toRole, toUser } from './user-rows.ts'

export function prepareUserStore(db: Kysely<Schema>, dialect: Dialect): (executor: Executor) => UserStore & UserReader {
  const byKey = (param: Param<{ key: string }>) =>
    db.selectFrom('users').selectAll().where('username_key', '=', param('key')).where('status', '<>', notDeleted)
  const findByKey = prepared<{ key: string }, UsersTable>(byKey)
  const lockByKey = prepared<{ key: string }, UsersTable>(param => byKey(param).forUpdate())
  const byId = (param: Param<{ userId: string }>) =>
    db.selectFrom('users').selectAll().where('id', '=', param('userId')).where('status', '<>', notDeleted)
  const findById = prepared<{ userId: string }, UsersTable>(byId)
  const lockById = prepared<{ userId: string }, UsersTable>(param => byId(param).forUpdate())
  const rolesOf = prepared<{ userId: string }, RolesTable>(param =>
    db
      .selectFrom('roles')
      .selectAll()
      .where('name', 'in', theirs =>
        theirs.selectFrom('user_roles').select('role_name').where('user_id', '=', param('userId')),
      )
      .where('permissions', '<>', noPermissions)
      .orderBy('name'),
  )
  const rolesOfName = prepared<{ key: string }, RolesTable>(param =>
    db
      .selectFrom('roles')
      .selectAll()
      .where('name', 'in', theirs =>
        theirs
          .selectFrom('user_roles')
          .select('role_name')
          .where('user_id', 'in', user =>
            user
              .selectFrom('users')
              .select('id')
              .where('username_key', '=', param('key'))
              .where('status', '<>', notDeleted),
          ),
      )
      .where('permissions', '<>', noPermissions)
      .orderBy('name'),
  )

  const idIsThere = prepared<{ userId: string }, { id: string }>(param =>
    db.selectFrom('users').select('id').where('id', '=', param('userId')),
  )
  const byDigest = prepared<{ digest: string }, { id: string }>(param =>
    db.selectFrom('users').select('id').where('import_digest', '=', param('digest')),
  )
  const dearest = prepared<Record<never, never>, { hash_cost: number | null }>(() =>
    db
      .selectFrom('users')
      .select('hash_cost')
      .where('hash_cost', 'is not', null)
      .where('status', '<>', notDeleted)
      .where('password_hash', 'like', importedHash)
      .orderBy('hash_cost', 'desc')
      .limit(1),
  )

  const byCost = prepared<{ cost: number }, { password_hash: string }>(param =>
    db
      .selectFrom('users')
      .select('password_hash')
      .where('hash_cost', '=', param('cost'))
      .where('status', '<>', notDeleted)
      .where('password_hash', 'like', importedHash)
      .limit(1),
  )

  return executor => {
    const update = async (userId: string, change: Partial<UsersTable>) => {
      await executor.kysely.updateTable('users').set(change).where('id', '=', userId).execute()
    }
    return {
      async findByKey(key) {
        const { rows } = await (executor.locks ? lockByKey : findByKey)(executor, { key })
        return rows[0] && toUser(rows[0])
      },
      async findById(userId) {
        const { rows } = await (executor.locks ? lockById : findById)(executor, { userId })
        return rows[0] && toUser(rows[0])
      },
      list: (filter, limit, after) => listUsers(executor.kysely, dialect, filter, limit, after),
      async idsOf(key) {
        const named = executor.kysely.selectFrom('users').select('id').where('username_key', '=', key)
        const former = executor.kysely
          .selectFrom('former_names')
          .select('user_id as id')
          .where('username_key', '=', key)
        // One by the index of those who are not deleted, one by that of the others.
        const [current, deleted, renamed] = [
          await named.where('status', '<>', notDeleted).execute(),
          await named.where('status', '=', notDeleted).execute(),
          await former.execute(),
        ]
        return [...new Set([...current, ...deleted, ...renamed].map(({ id }) => id))]
      },
      async isKnownId(userId) {
        return (await idIsThere.first(executor, { userId })) !== undefined
      },
      async findImported(digest) {
        return (await byDigest.first(executor, { digest }))?.id
      },
      async countImportedHashes() {
        const row = await executor.kysely
          .selectFrom('users')
          .select(({ fn }) => fn.countAll<number | string>().as('count'))
          .where('hash_cost', 'is not', null)
          .where('status', '<>', notDeleted)
          .where('password_hash', 'like', importedHash)
          .executeTakeFirstOrThrow()
        return Number(row.count)
      },
      async dearestHashCost() {
        return (await dearest.first(executor, {}))?.hash_cost ?? undefined
      },
      async findHashOfCost(cost) {
        return (await byCost.first(executor, { cost }))?.password_hash
      },
      async findStanding(userId) {
        return (await findById.first(executor, { userId }))?.status
      },
      async isHeldByAnother(roleName, userId) {
        const row = await executor.kysely
          .selectFrom('user_roles')
          .innerJoin('users', 'users.id', 'user_roles.user_id')
          .select('users.id')
          .where('role_name', '=', roleName)
          .where('users.id', '<>', userId)
          .where('users.status', '=', 'active')
          .limit(1)
          .executeTakeFirst()
        return row !== undefined
      },
      async rolesOf(userId) {
        const { rows } = await rolesOf(executor, { userId })
        return rows.map(toRole)
      },
      async rolesOfName(key) {
        const { rows } = await rolesOfName(executor, { key })
        return rows.map(toRole)
      },
      async insert(user) {
        const { numInsertedOrUpdatedRows } = await executor.kysely
          .insertInto('users')
          .values({
            id: user.userId,
            username: user.username,
            username_key: user.usernameKey,
            status: user.status,
            password_hash: user.passwordHash,
            password_id: user.passwordId,
            created_at_ms: user.createdAtMs,
            hash_cost: user.hashCost ?? null,
            import_digest: user.importDigest ?? null,
          })
          .onConflict(conflict => conflict.doNothing())
          .executeTakeFirst()
        return numInsertedOrUpdatedRows === 1n
      },
      async rename(userId, formerKey, { username, usernameKey }) {
        const { kysely } = executor
        const { numUpdatedRows } = await kysely
          .updateTable('users')
          .set({ username, username_key: usernameKey })
          .where('id', '=', userId)
          .where(({ not, exists, selectFrom }) =>
            not(
              exists(
                selectFrom('users as others')
                  .select('others.id')
                  .where('others.username_key', '=', usernameKey)
                  .where('others.status', '<>', notDeleted)
                  .where('others.id', '<>', userId),
              ),
            ),
          )
          .executeTakeFirst()
        if (numUpdatedRows === 0n) return false
        const former = { username_key: formerKey, user_id: userId }
        if (formerKey !== usernameKey)
          await kysely
            .insertInto('former_names')
            .values(former)
            .onConflict(conflict => conflict.doNothing())
            .execute()
        return true
      },
      setStatus: (userId, status) => update(userId, { status }),
      setPassword: (userId, { passwordHash, passwordId }) =>
        update(userId, { password_hash: passwordHash, password_id: passwordId, hash_cost: null }),
      async replacePasswordHash(userId, expected, passwordHash) {
        const { numUpdatedRows } = await executor.kysely
          .updateTable('users')
          .set({ password_hash: passwordHash, hash_cost: null })
          .where('id', '=', userId)
          .where('password_hash', '=', expected)
          .executeTakeFirst()
        return numUpdatedRows === 1n
      },
      async grantRole(userId, roleName) {
        const { numInsertedOrUpdatedRows } = await executor.kysely
          .insertInto('user_roles')
          .values({ user_id: userId, role_name: roleName })
          .onConflict(conflict => conflict.doNothing())
          .executeTakeFirst()
        return numInsertedOrUpdatedRows === 1n
      },
      async revokeRole(userId, roleName) {
        const { numDeletedRows } = await executor.kysely
          .deleteFrom('user_roles')
          .where('user_id', '=', userId)
          .where('role_name', '=', roleName)
          .executeTakeFirst()
        return numDeletedRows === 1n
      },
    }
  }
}
