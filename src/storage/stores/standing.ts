import type { Kysely } from 'kysely'
import type { StandingStore } from '../../records/standing.ts'
import type { Dialect } from '../engine/dialect.ts'
import { type Executor, type Param, prepared } from '../engine/prepared.ts'
import type { ClientsTable, Schema, UsersTable } from '../engine/schema.ts'

type UserRow = Pick<UsersTable, 'status' | 'password_id'>
type ClientRow = Pick<ClientsTable, 'status' | 'revision'>

export function prepareStandingStore(db: Kysely<Schema>, dialect: Dialect): (executor: Executor) => StandingStore {
  const user = (param: Param<{ id: string }>) =>
    db.selectFrom('users').select(['status', 'password_id']).where('id', '=', param('id'))
  const client = (param: Param<{ id: string }>) =>
    db.selectFrom('clients').select(['status', 'revision']).where('id', '=', param('id'))
  const findUser = prepared<{ id: string }, UserRow>(user)
  const findClient = prepared<{ id: string }, ClientRow>(client)
  // Not shared: of two sign-ins at once, the second must count the session of the first.
  const lockUser = prepared<{ id: string }, UserRow>(param => user(param).forNoKeyUpdate())
  const lockClient = prepared<{ id: string }, ClientRow>(param => client(param).forShare())

  return executor => {
    const read =
      (readUser: typeof findUser, readClient: typeof findClient): StandingStore['find'] =>
      async (userId, clientId) => {
        const userRow = (await readUser(executor, { id: userId })).rows[0]
        const clientRow = (await readClient(executor, { id: clientId })).rows[0]
        if (userRow === undefined || clientRow === undefined) return undefined
        return {
          userStatus: userRow.status,
          passwordId: userRow.password_id,
          clientStatus: clientRow.status,
          clientRevision: clientRow.revision,
        }
      }
    const find = read(findUser, findClient)
    return { find, lock: dialect.locksRows ? read(lockUser, lockClient) : find }
  }
}
