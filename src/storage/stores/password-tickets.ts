import type { PasswordTicket, PasswordTicketStore } from '../../records/password-ticket.ts'
import { type Executor, send } from '../engine/prepared.ts'
import type { PasswordTicketsTable } from '../engine/schema.ts'

const toTicket = (row: PasswordTicketsTable): PasswordTicket => ({
  id: row.id,
  userId: row.user_id,
  clientId: row.client_id,
  hash: row.hash,
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms,
})

export function passwordTicketStore(executor: Executor): PasswordTicketStore {
  const { kysely } = executor
  const tickets = () => kysely.selectFrom('password_tickets')

  async function remove(ids: readonly { readonly id: string }[]): Promise<number> {
    if (ids.length === 0) return 0
    const which = ids.map(({ id }) => id)
    const { numDeletedRows } = await kysely.deleteFrom('password_tickets').where('id', 'in', which).executeTakeFirst()
    return Number(numDeletedRows)
  }

  return {
    async findByHash(hash) {
      const row = await tickets().selectAll().where('hash', '=', hash).executeTakeFirst()
      return row && toTicket(row)
    },
    async listOf(userId) {
      const query = tickets().selectAll().where('user_id', '=', userId).orderBy('created_at_ms').orderBy('id')
      return (await query.execute()).map(toTicket)
    },
    async insert(ticket) {
      await send(
        executor,
        kysely.insertInto('password_tickets').values({
          id: ticket.id,
          user_id: ticket.userId,
          client_id: ticket.clientId,
          hash: ticket.hash,
          created_at_ms: ticket.createdAtMs,
          expires_at_ms: ticket.expiresAtMs,
        }),
      )
    },
    async removeOf(userId) {
      await send(executor, kysely.deleteFrom('password_tickets').where('user_id', '=', userId))
    },
    removeExpired: async (nowMs, limit) =>
      remove(await tickets().select('id').where('expires_at_ms', '<=', nowMs).orderBy('id').limit(limit).execute()),
    removeSome: async limit => remove(await tickets().select('id').orderBy('id').limit(limit).execute()),
  }
}
