import type { Kysely } from 'kysely'
import { latestNow } from '../../records/ahead.ts'
import { type SignInNetworkStore, tellerOf } from '../../records/sign-in-network.ts'
import { type Executor, notDeleted, prepared } from '../engine/prepared.ts'
import type { Schema, SignInNetworksTable } from '../engine/schema.ts'

export function prepareSignInNetworkStore(db: Kysely<Schema>): (executor: Executor) => SignInNetworkStore {
  const listOf = prepared<{ key: string }, Pick<SignInNetworksTable, 'network' | 'last_at_ms'>>(param =>
    db
      .selectFrom('sign_in_networks')
      .select(['network', 'last_at_ms'])
      .where('user_id', 'in', user =>
        user
          .selectFrom('users')
          .select('id')
          .where('username_key', '=', param('key'))
          .where('status', '<>', notDeleted),
      ),
  )
  return executor => ({
    async listOf(key) {
      const { rows } = await listOf(executor, { key })
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
      const known = await executor.kysely
        .selectFrom('sign_in_networks')
        .select('network')
        .where('user_id', '=', userId)
        .orderBy('last_at_ms', 'desc')
        .orderBy('network')
        .execute()
      const alike = known.map(each => each.network).filter(each => tellerOf(each) === tellerOf(network))
      if (alike.length <= most) return
      await executor.kysely
        .deleteFrom('sign_in_networks')
        .where('user_id', '=', userId)
        .where('network', 'in', alike.slice(most))
        .execute()
    },
    async removeUnused(beforeMs, limit) {
      const rows = await executor.kysely
        .selectFrom('sign_in_networks')
        .select(['user_id', 'network'])
        .where('last_at_ms', '<', beforeMs)
        .orderBy('user_id')
        .orderBy('network')
        .limit(limit)
        .execute()
      for (const { user_id, network } of rows)
        await executor.kysely
          .deleteFrom('sign_in_networks')
          .where('user_id', '=', user_id)
          .where('network', '=', network)
          // Who signs in there meanwhile is known there.
          .where('last_at_ms', '<', beforeMs)
          .execute()
      return rows.length
    },
    async removeOf(userId) {
      await executor.kysely.deleteFrom('sign_in_networks').where('user_id', '=', userId).execute()
    },
  })
}
