import type { InstanceStore } from '../../records/instance.ts'
import type { Executor } from '../engine/prepared.ts'

export const instanceStore = ({ kysely }: Executor): InstanceStore => ({
  async find() {
    const row = await kysely.selectFrom('instance').selectAll().executeTakeFirst()
    return row && { id: row.id, epoch: row.epoch, backedUpAtMs: row.backed_up_at_ms }
  },
  async insert({ id, epoch, backedUpAtMs }) {
    await kysely
      .insertInto('instance')
      .values({ id, epoch, backed_up_at_ms: backedUpAtMs })
      .onConflict(conflict => conflict.doNothing())
      .execute()
  },
  async renew(epoch) {
    await kysely.updateTable('instance').set({ epoch, backed_up_at_ms: null }).execute()
  },
})
