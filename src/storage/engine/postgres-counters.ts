/** Counters of attempts on PostgreSQL: each is a statement of its own on a connection of the pool, so that all instances share them. */
import type { Pool } from 'pg'
import { COUNTER_TABLE, type CounterTable } from './counter-table.ts'
import { toStorageError } from './postgres-errors.ts'

/** Somebody waits for the answer, and memory can count, too. */
const LONGEST_STATEMENT_MS = 1000

export function postgresCounters(pool: Pool): CounterTable {
  async function query(text: string, values: readonly unknown[] = []) {
    const config = { text, values: [...values], query_timeout: LONGEST_STATEMENT_MS }
    return pool.query(config).catch(error => {
      throw toStorageError(error)
    })
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
