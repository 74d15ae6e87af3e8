import type { InstanceStore } from '../../records/instance.ts'
import type { Executor } from '../engine/prepared.ts'

export const instanceStore = ({ kysely }: Executor): InstanceStore => ({
  async find() {
    const row = await kysely.selectFrom('instance').selectAll().executeTakeFirst()
    if (row === undefined) return undefined
    const {
      id,
      epoch,
      backed_up_at_ms: backedUpAtMs,
      server_identity: serverIdentity,
      accepted_at_ms: acceptedAtMs,
    } = row
    return { id, epoch, backedUpAtMs, serverIdentity, acceptedAtMs }
  },
  async insert({ id, epoch, backedUpAtMs, serverIdentity, acceptedAtMs }) {
    await kysely
      .insertInto('instance')
      .values({
        ...{ id, epoch, backed_up_at_ms: backedUpAtMs, server_identity: serverIdentity },
        accepted_at_ms: acceptedAtMs,
      })
      .onConflict(conflict => conflict.doNothing())
      .execute()
  },
  async moveTo(serverIdentity, before) {
    const { numUpdatedRows } = await kysely
      .updateTable('instance')
      .set({ server_identity: serverIdentity })
      .where('server_identity', 'is not distinct from', before)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  },
  async renew(epoch, serverIdentity, acceptedAtMs) {
    await kysely
      .updateTable('instance')
      .set({ epoch, backed_up_at_ms: null, server_identity: serverIdentity, accepted_at_ms: acceptedAtMs })
      .execute()
  },
})
