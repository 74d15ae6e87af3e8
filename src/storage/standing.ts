import type { Kysely } from 'kysely'
import type { StandingStore } from '../accounts/may-receive-tokens.ts'
import type { Dialect } from './dialect.ts'
import { type Executor, prepared } from './prepared.ts'
import type { ClientsTable, Schema, UsersTable } from './schema.ts'

type UserRow = Pick<UsersTable, 'status' | 'password_id'>
type ClientRow = Pick<ClientsTable, 'status' | 'secrets'>

export function prepareStandingStore(db: Kysely<Schema>, dialect: Dialect): (executor: Executor) => StandingStore {
  const lockUser = prepared<{ id: string }, UserRow>(param => {
    const query = db.selectFrom('users').select(['status', 'password_id']).where('id', '=', param('id'))
    return dialect.locksRows ? query.forShare() : query
  })
  const lockClient = prepared<{ id: string }, ClientRow>(param => {
    const query = db.selectFrom('clients').select(['status', 'secrets']).where('id', '=', param('id'))
    return dialect.locksRows ? query.forShare() : query
  })

  return executor => ({
    async lock(userId, clientId) {
      const user = (await lockUser(executor, { id: userId })).rows[0]
      const client = (await lockClient(executor, { id: clientId })).rows[0]
      if (user === undefined || client === undefined) return undefined
      return {
        userStatus: user.status,
        passwordId: user.password_id,
        clientStatus: client.status,
        clientSecrets: JSON.parse(client.secrets),
      }
    },
  })
}
