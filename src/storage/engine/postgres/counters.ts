/** Counters of attempts on PostgreSQL: outside of the transactions of the stores, so that all instances share them at once. */
import { COUNTER_TABLE, type CounterTable, type Taking } from '../counter-table.ts'
import type { Ask } from './connection.ts'

/** What a window may last longer than it should: beyond, it began before the clock was set back. */
const SAME_WINDOW_MS = 1000

/**
 * Each takes its point only if the one before was not used up: of rows in several windows at once all statements lock the narrower
 * first, as they are given.
 */
function takingOf(takings: readonly Taking[], nowMs: number): { readonly text: string; readonly values: unknown[] } {
  const values: unknown[] = [nowMs]
  const next = (value: unknown): string => `$${values.push(value)}`
  const inWindow = `counter.expire > $1 and counter.expire <= excluded.expire + ${SAME_WINDOW_MS}`
  const parts = takings.map(({ key, windowMs }, at) => {
    const row = `${next(key)}::text, 1, ${next(nowMs + windowMs)}::bigint`
    const before = at === 0 ? '' : ` from taken_${at - 1} where points <= ${next(takings[at - 1]?.points)}`
    return `taken_${at} as (
      insert into ${COUNTER_TABLE} as counter (key, points, expire) select ${row}${before}
      on conflict (key) do update set
        points = case when ${inWindow} then counter.points + 1 else 1 end,
        expire = case when ${inWindow} then counter.expire else excluded.expire end
      returning points, expire)`
  })
  const all = takings.map((_, at) => `select ${at} as at, points, expire from taken_${at}`)
  return { text: `with ${parts.join(', ')} ${all.join(' union all ')} order by at`, values }
}

export function postgresCounters(ask: Ask): CounterTable {
  return {
    // Without the name that the library gives a statement: PgBouncer knows none.
    client: { kind: 'postgres', query: ({ text, values }) => ask(text, values) },
    async takeInTurn(takings) {
      const nowMs = Date.now()
      const { text, values } = takingOf(takings, nowMs)
      const { rows } = await ask(text, values)
      return rows.map(({ points, expire }) => ({ consumedPoints: points, msBeforeNext: expire - nowMs }))
    },
    async remove(from, before) {
      await ask(`delete from ${COUNTER_TABLE} where key >= $1 and key < $2`, [from, before])
    },
    async removeUseless(keys, afterMs) {
      // Who holds one counts with it at this moment; and of two who tidy at once neither waits for the other.
      const useless = `select key from ${COUNTER_TABLE} where key = any($1) and (points <= 0 or expire > $2) for update skip locked`
      await ask(`delete from ${COUNTER_TABLE} where key in (${useless})`, [keys, afterMs])
    },
    async removeOver(beforeMs, limit) {
      const over = `select key from ${COUNTER_TABLE} where expire < $1 limit $2 for update skip locked`
      const { rowCount } = await ask(`delete from ${COUNTER_TABLE} where key in (${over})`, [beforeMs, limit])
      return rowCount ?? 0
    },
    close: () => {},
  }
}
