import type { Kysely } from 'kysely'
import type { CredentialStore } from '../../records/credential.ts'
import { type Executor, prepared } from '../engine/prepared.ts'
import type { Schema } from '../engine/schema.ts'

export function prepareCredentialStore(db: Kysely<Schema>): (executor: Executor) => CredentialStore {
  const setLastUsed = prepared<{ id: string; nowMs: number }>(param =>
    db
      .updateTable('credentials')
      .set({ last_used_at_ms: param('nowMs') })
      .where('id', '=', param('id')),
  )
  return executor => ({
    async insert(ownerId, kind, { id, name, hash, createdAtMs, expiresAtMs, lastUsedAtMs }) {
      await executor.kysely
        .insertInto('credentials')
        .values({
          ...{ id, owner_id: ownerId, kind, name, hash, created_at_ms: createdAtMs, expires_at_ms: expiresAtMs },
          last_used_at_ms: lastUsedAtMs,
        })
        .execute()
    },
    async revoke(id, nowMs) {
      await executor.kysely.updateTable('credentials').set({ revoked_at_ms: nowMs }).where('id', '=', id).execute()
    },
    async setLastUsed(id, nowMs) {
      await setLastUsed(executor, { id, nowMs })
    },
  })
}
