import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql } from 'kysely'
import type { ApiKey, ApiKeySearch, ApiKeyStatus, ApiKeyStore, OwnedApiKey } from '../../records/api-key.ts'
import type { Position } from '../../records/position.ts'
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
  issuer_id: null,
  subject: null,
  created_at_ms: key.createdAtMs,
  expires_at_ms: key.expiresAtMs,
  revoked_at_ms: key.revokedAtMs,
  last_used_at_ms: key.lastUsedAtMs,
  last_used_address: key.lastUsedAddress,
})

type OwnedRow = CredentialsTable & { readonly username: string | null; readonly client_id: string | null }

const toOwned = (row: OwnedRow): OwnedApiKey => ({ ...toApiKey(row), username: row.username, clientId: row.client_id })

const ownedKeys = (kysely: Kysely<Schema>) =>
  kysely
    .selectFrom('credentials')
    .leftJoin('users', 'users.id', 'credentials.owner_id')
    .leftJoin('clients', 'clients.id', 'credentials.owner_id')
    .selectAll('credentials')
    .select(['users.username', 'clients.client_id'])
    .where('credentials.kind', '=', 'api_key')
    .orderBy('credentials.created_at_ms')
    .orderBy('credentials.id')

type Row = ExpressionBuilder<Schema, 'credentials'>
type Condition = (row: Row) => Expression<SqlBool>

/** The time is said once more by itself, for PostgreSQL, as in audit-list.ts. */
const behind =
  ({ atMs, id }: Position): Condition =>
  row =>
    row.and([
      row('credentials.created_at_ms', '>=', atMs),
      sql<SqlBool>`(credentials.created_at_ms, credentials.id) > (${atMs}, ${id})`,
    ])

/** `coalesce`: the index of the time would lead to the rows in another order than theirs. */
const statusConditions: Readonly<Record<ApiKeyStatus, (row: Row, nowMs: number) => Expression<SqlBool>>> = {
  revoked: row => row(row.fn.coalesce('credentials.revoked_at_ms', sql.lit(-1)), '<>', -1),
  active: (row, nowMs) => row.and([isNotRevoked(row), row(expiryOf(row), '>', nowMs)]),
  expired: (row, nowMs) => row.and([isNotRevoked(row), row(expiryOf(row), '<=', nowMs)]),
}
const isNotRevoked = (row: Row) => row('credentials.revoked_at_ms', 'is', null)
const expiryOf = (row: Row) => row.fn.coalesce('credentials.expires_at_ms', sql.lit(Number.MAX_SAFE_INTEGER))

const conditionsOf = ({ ownerIds, status }: ApiKeySearch): readonly Condition[] => [
  ...(ownerIds === undefined ? [] : [(row: Row) => row('credentials.owner_id', 'in', ownerIds)]),
  ...(status === undefined ? [] : [(row: Row) => statusConditions[status.is](row, status.nowMs)]),
]

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
        let query = ownedKeys(kysely)
        if (id !== undefined) query = query.where('credentials.id', '=', id)
        if (ownerId !== undefined) query = query.where('credentials.owner_id', '=', ownerId)
        return (await query.execute()).map(toOwned)
      },
      async page(search, after, limit) {
        // There is no empty list in SQL.
        if (search.ownerIds?.length === 0) return []
        const query = ownedKeys(kysely).where(row => row.and(conditionsOf(search).map(condition => condition(row))))
        return (await (after === undefined ? query : query.where(behind(after))).limit(limit).execute()).map(toOwned)
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
