/** Counters of attempts on PostgreSQL: each is a statement of its own on a connection of the pool, so that all instances share them. */
import type { QueryConfig } from 'pg'
import { COUNTER_TABLE, type CounterTable } from './counter-table.ts'
import { endsConnection, toStorageError } from './postgres-errors.ts'
import type { ConnectionPool } from './postgres-pool.ts'

/** Somebody waits for the answer, and memory can count, too. */
const LONGEST_STATEMENT_MS = 1000

export function postgresCounters(pool: ConnectionPool): CounterTable {
  async function query(text: string, values: readonly unknown[] = []) {
    const client = await pool.connect()
    const limitMs = Math.min(pool.limits().statementMs, LONGEST_STATEMENT_MS)
    try {
      const answer = await client.query({ text, values: [...values], query_timeout: limitMs } as QueryConfig)
      client.release()
      return answer
    } catch (error) {
      client.release(endsConnection(error))
      throw toStorageError(error, pool.who)
    }
  }

  return {
    // Without the name that the library gives a statement: PgBouncer knows none.
    client: { kind: 'postgres', query: ({ text, values }) => query(text, values) },
    async remove(from, before) {
      await query(`delete from ${COUNTER_TABLE} where key >= $1 and key < $2`, [from, before])
    },
    async removeUseless(keys, afterMs) {
      // Who holds one counts with it at this moment; and of two who tidy at once neither waits for the other.
      const useless = `select key from ${COUNTER_TABLE} where key = any($1) and (points <= 0 or expire > $2) for update skip locked`
      await query(`delete from ${COUNTER_TABLE} where key in (${useless})`, [keys, afterMs])
    },
    async removeOver(beforeMs, limit) {
      const over = `select key from ${COUNTER_TABLE} where expire < $1 limit $2 for update skip locked`
      const { rowCount } = await query(`delete from ${COUNTER_TABLE} where key in (${over})`, [beforeMs, limit])
      return rowCount ?? 0
    },
    close: () => {},
  }
}
