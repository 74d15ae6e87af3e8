import type { Kysely } from 'kysely'
import { isClient } from '../../records/client.ts'
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
    const read = (readUser: typeof findUser, readClient: typeof findClient): StandingStore['find'] => {
      /** In the order of their ids, each once. */
      async function readClients(ids: readonly string[]): Promise<ReadonlyMap<string, ClientRow | undefined>> {
        const read = [...new Set(ids)].sort().map(async id => [id, await readClient.first(executor, { id })] as const)
        return new Map(await Promise.all(read))
      }

      return async (subjectId, clientId) => {
        const isOfClient = isClient(subjectId)
        // They are locked in the order in which this sends them.
        const [userRow, clients] = await Promise.all([
          isOfClient ? undefined : readUser.first(executor, { id: subjectId }),
          readClients(isOfClient ? [subjectId, clientId] : [clientId]),
        ])
        const [clientRow, ownerRow] = [clients.get(clientId), clients.get(subjectId)]
        const subject = userRow ?? ownerRow
        if (subject === undefined || clientRow === undefined) return undefined
        return {
          subjectStatus: subject.status,
          passwordId: userRow?.password_id,
          subjectRevision: ownerRow?.revision,
          clientStatus: clientRow.status,
          clientRevision: clientRow.revision,
        }
      }
    }
    const find = read(findUser, findClient)
    return { find, lock: dialect.locksRows ? read(lockUser, lockClient) : find }
  }
}
