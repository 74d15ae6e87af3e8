import type { Kysely } from 'kysely'
import type { ApiKey, ApiKeyStore } from '../../records/api-key.ts'
import { type Executor, type Param, prepared } from '../engine/prepared.ts'
import type { CredentialsTable, Schema } from '../engine/schema.ts'
import { liveCredentials } from './credentials.ts'

const toApiKey = (row: CredentialsTable): ApiKey => ({
  id: row.id,
  ownerId: row.owner_id,
  name: row.name,
  hash: row.hash,
  ...(JSON.parse(row.data as string) as Pick<ApiKey, 'scope' | 'audiences'>),
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms,
  revokedAtMs: row.revoked_at_ms,
  lastUsedAtMs: row.last_used_at_ms,
  lastUsedAddress: row.last_used_address,
})

const toRow = (key: ApiKey): CredentialsTable => ({
  id: key.id,
  owner_id: key.ownerId,
  kind: 'api_key',
  name: key.name,
  hash: key.hash,
  data: JSON.stringify({ scope: key.scope, audiences: key.audiences }),
  created_at_ms: key.createdAtMs,
  expires_at_ms: key.expiresAtMs,
  revoked_at_ms: key.revokedAtMs,
  last_used_at_ms: key.lastUsedAtMs,
  last_used_address: key.lastUsedAddress,
})

export function prepareApiKeyStore(db: Kysely<Schema>): (executor: Executor) => ApiKeyStore {
  const byId = (param: Param<{ id: string }>) =>
    db.selectFrom('credentials').selectAll().where('id', '=', param('id')).where('kind', '=', 'api_key')
  const find = prepared<{ id: string }, CredentialsTable>(byId)
  const lock = prepared<{ id: string }, CredentialsTable>(param => byId(param).forUpdate())

  return executor => {
    const { kysely, locks } = executor
    return {
      async find(id) {
        const row = await (locks ? lock : find).first(executor, { id })
        return row && toApiKey(row)
      },
      async list({ id, ownerId }) {
        let query = kysely
          .selectFrom('credentials')
          .leftJoin('users', 'users.id', 'credentials.owner_id')
          .leftJoin('clients', 'clients.id', 'credentials.owner_id')
          .selectAll('credentials')
          .select(['users.username', 'clients.client_id'])
          .where('credentials.kind', '=', 'api_key')
          .orderBy('credentials.created_at_ms')
          .orderBy('credentials.id')
        if (id !== undefined) query = query.where('credentials.id', '=', id)
        if (ownerId !== undefined) query = query.where('credentials.owner_id', '=', ownerId)
        const rows = await query.execute()
        return rows.map(row => ({ ...toApiKey(row), username: row.username, clientId: row.client_id }))
      },
      async insert(key) {
        await kysely.insertInto('credentials').values(toRow(key)).execute()
      },
      async revokeAllOf(ownerId, nowMs) {
        const query = liveCredentials(kysely, nowMs)
          .select('id')
          .where('owner_id', '=', ownerId)
          .where('kind', '=', 'api_key')
          .orderBy('id')
        const ids = (await (locks ? query.forUpdate() : query).execute()).map(({ id }) => id)
        if (ids.length > 0)
          await kysely.updateTable('credentials').set({ revoked_at_ms: nowMs }).where('id', 'in', ids).execute()
        return ids
      },
      async removeOldest(ownerId, most, nowMs) {
        const kept = await kysely
          .selectFrom('credentials')
          .select(['id', 'revoked_at_ms', 'expires_at_ms'])
          .where('owner_id', '=', ownerId)
          .where('kind', '=', 'api_key')
          .orderBy('created_at_ms')
          .orderBy('id')
          .execute()
        const over = kept.filter(
          ({ revoked_at_ms: revoked, expires_at_ms: expires }) =>
            revoked !== null || (expires !== null && expires <= nowMs),
        )
        const ids = over.slice(0, Math.max(kept.length - most, 0)).map(({ id }) => id)
        if (ids.length > 0) await kysely.deleteFrom('credentials').where('id', 'in', ids).execute()
      },
    }
  }
}
