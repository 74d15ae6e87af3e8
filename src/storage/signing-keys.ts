import type { SigningKeyStore } from '../keys/stores.ts'
import type { Executor } from './prepared.ts'

export const signingKeyStore = (executor: Executor): SigningKeyStore => ({
  async list() {
    const rows = await executor.kysely
      .selectFrom('signing_keys')
      .selectAll()
      .orderBy('created_at_ms')
      .orderBy('kid')
      .execute()
    return rows.map(row => ({
      kid: row.kid,
      state: row.state,
      publicJwk: JSON.parse(row.public_jwk),
      createdAtMs: row.created_at_ms,
      activatesAtMs: row.activates_at_ms,
    }))
  },
  async insert(key) {
    const { numInsertedOrUpdatedRows } = await executor.kysely
      .insertInto('signing_keys')
      .values({
        kid: key.kid,
        state: key.state,
        public_jwk: JSON.stringify(key.publicJwk),
        created_at_ms: key.createdAtMs,
        activates_at_ms: key.activatesAtMs,
      })
      .onConflict(conflict => conflict.doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  },
})
