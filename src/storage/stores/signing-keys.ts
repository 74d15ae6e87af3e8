import type { SigningKey, SigningKeyStore } from '../../records/signing-key.ts'
import type { Executor } from '../engine/prepared.ts'
import type { SigningKeysTable } from '../engine/schema.ts'

const toSigningKey = (row: SigningKeysTable): SigningKey => ({
  kid: row.kid,
  state: row.state,
  sinceMs: row.since_ms,
  cause: row.cause,
  publicJwk: JSON.parse(row.public_jwk),
  createdAtMs: row.created_at_ms,
  activatesAtMs: row.activates_at_ms,
  rotationAskedAtMs: row.rotation_asked_at_ms,
  retiresAtMs: row.retires_at_ms,
  seenAheadAtMs: row.seen_ahead_at_ms,
})

export const signingKeyStore = ({ kysely }: Executor): SigningKeyStore => ({
  async list() {
    const rows = await kysely.selectFrom('signing_keys').selectAll().orderBy('created_at_ms').orderBy('kid').execute()
    return rows.map(toSigningKey)
  },
  async insert(key) {
    const { numInsertedOrUpdatedRows } = await kysely
      .insertInto('signing_keys')
      .values({
        kid: key.kid,
        state: key.state,
        since_ms: key.sinceMs,
        cause: key.cause,
        public_jwk: JSON.stringify(key.publicJwk),
        created_at_ms: key.createdAtMs,
        activates_at_ms: key.activatesAtMs,
        rotation_asked_at_ms: key.rotationAskedAtMs,
        retires_at_ms: key.retiresAtMs,
        seen_ahead_at_ms: key.seenAheadAtMs,
      })
      .onConflict(conflict => conflict.doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  },
  async step({ kid, from, to, atMs, cause, retiresAtMs }) {
    const { numUpdatedRows } = await kysely
      .updateTable('signing_keys')
      .set({
        ...{ state: to, since_ms: atMs, cause, retires_at_ms: retiresAtMs, seen_ahead_at_ms: null },
        ...(to === 'active' && { activates_at_ms: atMs }),
      })
      .where('kid', '=', kid)
      .where('state', '=', from)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  },
  async askRotation(kid, atMs) {
    const { numUpdatedRows } = await kysely
      .updateTable('signing_keys')
      .set({ rotation_asked_at_ms: atMs })
      .where('kid', '=', kid)
      .where('state', '=', 'pending')
      .executeTakeFirst()
    return numUpdatedRows === 1n
  },
  async noteAhead(kid, seenAtMs) {
    await kysely.updateTable('signing_keys').set({ seen_ahead_at_ms: seenAtMs }).where('kid', '=', kid).execute()
  },
})
