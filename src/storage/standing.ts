import type { StandingStore } from '../accounts/may-receive-tokens.ts'
import type { Dialect } from './dialect.ts'
import { type Executor, prepared } from './prepared.ts'

interface StandingRow {
  user_status: 'active' | 'disabled' | 'deleted'
  password_hash: string
  client_status: 'active' | 'disabled' | 'deleted'
  secrets: string
}

export function prepareStandingStore(db: Executor, dialect: Dialect): (executor: Executor) => StandingStore {
  const lock = prepared<{ userId: string; clientId: string }, StandingRow>(param => {
    const query = db
      .selectFrom(['users', 'clients'])
      .select(['users.status as user_status', 'users.password_hash'])
      .select(['clients.status as client_status', 'clients.secrets'])
      .where('users.id', '=', param('userId'))
      .where('clients.id', '=', param('clientId'))
    return dialect.locksRows ? query.forShare() : query
  })

  return executor => ({
    async lock(userId, clientId) {
      const { rows } = await lock(executor, { userId, clientId })
      return (
        rows[0] && {
          userStatus: rows[0].user_status,
          passwordHash: rows[0].password_hash,
          clientStatus: rows[0].client_status,
          clientSecrets: JSON.parse(rows[0].secrets),
        }
      )
    },
  })
}
