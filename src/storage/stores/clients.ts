import { type Kysely, sql } from 'kysely'
import type { ClientReader, ClientSettings, ClientStore, RegisteredClient } from '../../records/client.ts'
import { type Executor, notDeleted, type Param, prepared } from '../engine/prepared.ts'
import type { ClientsTable, Schema } from '../engine/schema.ts'

const toClient = (row: ClientsTable): Omit<RegisteredClient, 'origins'> => ({
  id: row.id,
  clientId: row.client_id,
  status: row.status,
  isPublic: row.is_public === 1,
  grants: JSON.parse(row.grants),
  scope: JSON.parse(row.scope),
  audiences: JSON.parse(row.audiences),
  introspect: JSON.parse(row.introspect),
  accessTokenTtlSeconds: row.access_token_ttl_seconds,
  secrets: JSON.parse(row.secrets),
  createdAtMs: row.created_at_ms,
})

const settingsColumns = (settings: ClientSettings) => ({
  grants: JSON.stringify(settings.grants),
  scope: JSON.stringify(settings.scope),
  audiences: JSON.stringify(settings.audiences),
  introspect: JSON.stringify(settings.introspect),
  access_token_ttl_seconds: settings.accessTokenTtlSeconds,
})

export function prepareClientStore(db: Kysely<Schema>): (executor: Executor) => ClientStore & ClientReader {
  const byClientId = (param: Param<{ clientId: string }>) =>
    db.selectFrom('clients').selectAll().where('client_id', '=', param('clientId')).where('status', '<>', notDeleted)
  const findByClientId = prepared<{ clientId: string }, ClientsTable>(byClientId)
  const lockByClientId = prepared<{ clientId: string }, ClientsTable>(param => byClientId(param).forUpdate())
  const originsOf = prepared<{ id: string }, { origin: string }>(param =>
    db.selectFrom('client_origins').select('origin').where('client_id', '=', param('id')).orderBy('origin'),
  )
  const isRegisteredOrigin = prepared<{ origin: string }, { id: string }>(param =>
    db
      .selectFrom('client_origins')
      .innerJoin('clients', 'clients.id', 'client_origins.client_id')
      .select('clients.id')
      .where('client_origins.origin', '=', param('origin'))
      .where('clients.status', '=', sql.lit('active' as const))
      .limit(1),
  )

  return executor => {
    const update = async (id: string, change: Partial<ClientsTable>) => {
      await executor.kysely.updateTable('clients').set(change).where('id', '=', id).execute()
    }
    const setOrigins = async (id: string, origins: readonly string[]) => {
      await executor.kysely.deleteFrom('client_origins').where('client_id', '=', id).execute()
      if (origins.length === 0) return
      const rows = origins.map(origin => ({ client_id: id, origin }))
      await executor.kysely.insertInto('client_origins').values(rows).execute()
    }
    const originsOfClient = async (id: string) => (await originsOf(executor, { id })).rows.map(({ origin }) => origin)
    return {
      async findByClientId(clientId) {
        const { rows } = await findByClientId(executor, { clientId })
        return rows[0] && toClient(rows[0])
      },
      async find(clientId) {
        const { rows } = await (executor.locks ? lockByClientId : findByClientId)(executor, { clientId })
        return rows[0] && { ...toClient(rows[0]), origins: await originsOfClient(rows[0].id) }
      },
      originsOf: originsOfClient,
      async isRegisteredOrigin(origin) {
        const { rows } = await isRegisteredOrigin(executor, { origin })
        return rows.length > 0
      },
      async list() {
        const query = executor.kysely
          .selectFrom('clients')
          .selectAll()
          .where('status', '<>', notDeleted)
          .orderBy('client_id')
        const [clients, origins] = [
          await query.execute(),
          await executor.kysely.selectFrom('client_origins').selectAll().orderBy('origin').execute(),
        ]
        const byClient = Map.groupBy(origins, ({ client_id }) => client_id)
        return clients.map(row => ({
          ...toClient(row),
          origins: (byClient.get(row.id) ?? []).map(({ origin }) => origin),
        }))
      },
      async insert(client) {
        const { numInsertedOrUpdatedRows } = await executor.kysely
          .insertInto('clients')
          .values({
            ...settingsColumns(client),
            id: client.id,
            client_id: client.clientId,
            status: client.status,
            is_public: client.isPublic ? 1 : 0,
            secrets: JSON.stringify(client.secrets),
            created_at_ms: client.createdAtMs,
          })
          .onConflict(conflict => conflict.doNothing())
          .executeTakeFirst()
        if (numInsertedOrUpdatedRows !== 1n) return false
        await setOrigins(client.id, client.origins)
        return true
      },
      async update(id, settings) {
        await update(id, settingsColumns(settings))
        await setOrigins(id, settings.origins)
      },
      setStatus: (id, status) => update(id, { status }),
      setSecrets: (id, secrets) => update(id, { secrets: JSON.stringify(secrets) }),
    }
  }
}
