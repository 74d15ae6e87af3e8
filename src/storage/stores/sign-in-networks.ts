import type { Kysely } from 'kysely'
import { latestNow } from '../../records/ahead.ts'
import type { SignInNetworkStore } from '../../records/sign-in-network.ts'
import { type Executor, prepared } from '../engine/prepared.ts'
import type { Schema, SignInNetworksTable } from '../engine/schema.ts'

export function prepareSignInNetworkStore(db: Kysely<Schema>): (executor: Executor) => SignInNetworkStore {
  const listOf = prepared<{ userId: string }, Pick<SignInNetworksTable, 'network' | 'last_at_ms'>>(param =>
    db.selectFrom('sign_in_networks').select(['network', 'last_at_ms']).where('user_id', '=', param('userId')),
  )
  return executor => ({
    async listOf(userId) {
      const { rows } = await listOf(executor, { userId })
      return rows.map(({ network, last_at_ms }) => ({ network, lastAtMs: last_at_ms }))
    },
    async record(userId, { network, lastAtMs }, most) {
      // What was written while the clock was ahead must not be kept in the place of what is true now.
      await executor.kysely
        .updateTable('sign_in_networks')
        .set({ last_at_ms: lastAtMs })
        .where('user_id', '=', userId)
        .where('last_at_ms', '>', latestNow(lastAtMs))
        .execute()
      await executor.kysely
        .insertInto('sign_in_networks')
        .values({ user_id: userId, network, last_at_ms: lastAtMs })
        .onConflict(conflict => conflict.columns(['user_id', 'network']).doUpdateSet({ last_at_ms: lastAtMs }))
        .execute()
      await executor.kysely
        .deleteFrom('sign_in_networks')
        .where('user_id', '=', userId)
        .where('network', 'not in', kept =>
          kept
            .selectFrom('sign_in_networks')
            .select('network')
            .where('user_id', '=', userId)
            .orderBy('last_at_ms', 'desc')
            .orderBy('network')
            .limit(most),
        )
        .execute()
    },
    async removeOf(userId) {
      await executor.kysely.deleteFrom('sign_in_networks').where('user_id', '=', userId).execute()
    },
  })
}
