import type { PrivateKeyStore } from '../../records/private-key.ts'
import type { Executor } from '../engine/prepared.ts'

export const privateKeyStore = ({ kysely }: Executor): PrivateKeyStore => ({
  async list(purpose) {
    const columns = ['kid', 'state', 'jwe'] as const
    return kysely.selectFrom('private_keys').select(columns).where('purpose', '=', purpose).orderBy('kid').execute()
  },
  async insert(purpose, key) {
    const { numInsertedOrUpdatedRows } = await kysely
      .insertInto('private_keys')
      .values({ purpose, ...key })
      .onConflict(conflict => conflict.doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  },
  async keep(purpose, kid) {
    const { numUpdatedRows } = await kysely
      .updateTable('private_keys')
      .set({ state: 'kept' })
      .where('purpose', '=', purpose)
      .where('kid', '=', kid)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  },
  async replace(purpose, kid, jwe, by) {
    const { numUpdatedRows } = await kysely
      .updateTable('private_keys')
      .set({ jwe: by })
      .where('purpose', '=', purpose)
      .where('kid', '=', kid)
      .where('jwe', '=', jwe)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  },
  async remove(purpose, kid, state) {
    await kysely
      .deleteFrom('private_keys')
      .where('purpose', '=', purpose)
      .where('kid', '=', kid)
      .where('state', '=', state)
      .execute()
  },
})
