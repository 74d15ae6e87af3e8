import type { Kysely } from 'kysely'
import type { CredentialKind, CredentialStore, LiveCredential } from '../../records/credential.ts'
import { type Executor, prepared } from '../engine/prepared.ts'
import type { CredentialsTable, Schema } from '../engine/schema.ts'

type LiveRow = Pick<CredentialsTable, 'id' | 'kind' | 'owner_id' | 'name' | 'created_at_ms' | 'expires_at_ms'>

const toLive = (row: LiveRow): LiveCredential => ({
  id: row.id,
  kind: row.kind,
  ownerId: row.owner_id,
  name: row.name,
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms,
})

/** Those that work. */
export const liveCredentials = (kysely: Kysely<Schema>, nowMs: number) =>
  kysely
    .selectFrom('credentials')
    .where('revoked_at_ms', 'is', null)
    .where(row => row.or([row('expires_at_ms', 'is', null), row('expires_at_ms', '>', nowMs)]))

const told = ['id', 'kind', 'owner_id', 'name', 'created_at_ms', 'expires_at_ms'] as const

export function prepareCredentialStore(db: Kysely<Schema>): (executor: Executor) => CredentialStore {
  const setLastUsed = prepared<{ id: string; nowMs: number; address: string | null }>(param =>
    db
      .updateTable('credentials')
      .set({ last_used_at_ms: param('nowMs'), last_used_address: param('address') })
      .where('id', '=', param('id')),
  )

  return executor => {
    const { kysely, locks } = executor

    /** By an index on when it was over, one after the other: with both in one question the table would be read as a whole. */
    async function removeWhere(over: 'revoked_at_ms' | 'expires_at_ms', beforeMs: number, limit: number) {
      const some = kysely.selectFrom('credentials').select('id').where(over, '<', beforeMs).orderBy('id').limit(limit)
      const { numDeletedRows } = await kysely
        .deleteFrom('credentials')
        .where('id', 'in', locks ? some.forUpdate() : some)
        .executeTakeFirst()
      return Number(numDeletedRows)
    }

    return {
      async insert(ownerId, kind, { id, name, hash, createdAtMs, expiresAtMs, lastUsedAtMs }) {
        await kysely
          .insertInto('credentials')
          .values({
            ...{ id, owner_id: ownerId, kind, name, hash, created_at_ms: createdAtMs, expires_at_ms: expiresAtMs },
            last_used_at_ms: lastUsedAtMs,
          })
          .execute()
      },
      async revoke(id, nowMs) {
        await kysely.updateTable('credentials').set({ revoked_at_ms: nowMs }).where('id', '=', id).execute()
      },
      async revokeSome(kind, limit, nowMs) {
        const some = liveCredentials(kysely, nowMs).select(['id', 'owner_id']).where('kind', '=', kind)
        const query = some.orderBy('id').limit(limit)
        const rows = await (locks ? query.forUpdate() : query).execute()
        const ids = rows.map(({ id }) => id)
        if (ids.length > 0)
          await kysely.updateTable('credentials').set({ revoked_at_ms: nowMs }).where('id', 'in', ids).execute()
        return rows.map(({ owner_id }) => owner_id)
      },
      async setLastUsed(id, nowMs, address) {
        await setLastUsed(executor, { id, nowMs, address })
      },
      async removeOver(beforeMs, limit) {
        const revoked = await removeWhere('revoked_at_ms', beforeMs, limit)
        return revoked + (await removeWhere('expires_at_ms', beforeMs, limit - revoked))
      },
      async listExpiring(nowMs, beforeMs, limit) {
        const rows = await liveCredentials(kysely, nowMs)
          .select(told)
          .where('expires_at_ms', '<', beforeMs)
          .orderBy('expires_at_ms')
          .orderBy('id')
          .limit(limit)
          .execute()
        return rows.map(toLive)
      },
      async countLive(nowMs) {
        const rows = await liveCredentials(kysely, nowMs)
          .select(row => ['kind' as const, row.fn.countAll<number>().as('count')])
          .groupBy('kind')
          .execute()
        return Object.fromEntries(rows.map(({ kind, count }) => [kind, Number(count)])) as Partial<
          Record<CredentialKind, number>
        >
      },
      async listNewest(nowMs, limit) {
        const rows = await liveCredentials(kysely, nowMs)
          .select(told)
          .orderBy('created_at_ms', 'desc')
          .orderBy('id')
          .limit(limit)
          .execute()
        return rows.map(toLive)
      },
    }
  }
}
