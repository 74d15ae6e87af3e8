/** The limiters of the library (rate-limiter-flexible): for each allowance one on the database's table and one in memory. */
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterSQLite,
} from 'rate-limiter-flexible'
import type { Allowance, Counter } from '../../records/counters.ts'
import { COUNTER_TABLE, type CounterClient } from '../engine/counter-table.ts'

/** Counters in memory, while the store is away; the oldest is forgotten for one more. */
const MOST_IN_MEMORY = 50_000

export interface Limiters {
  stored(allowance: Allowance): RateLimiterAbstract
  inMemory(counter: Counter): RateLimiterAbstract
}

/** What the store has under this key. */
export const keyOf = ({ name }: Allowance, of: string): string => `${name}:${of}`

function onTable(client: CounterClient, { name, points, seconds }: Allowance): RateLimiterAbstract {
  const options = {
    ...{ keyPrefix: name, points, duration: seconds, storeClient: client },
    // The table is made by whoever opened the database, and what is over is removed by the sweep of the counters.
    ...{ tableName: COUNTER_TABLE, tableCreated: true, clearExpiredByTimeout: false },
  }
  return client.kind === 'sqlite'
    ? new RateLimiterSQLite({ ...options, storeType: 'better-sqlite3' })
    : new RateLimiterPostgres({ ...options, storeType: 'pool' })
}

/** One for each name: how many points there are is compared by whoever counts, and may differ from counter to counter. */
const once = <T>(make: (allowance: Allowance) => T): ((allowance: Allowance) => T) => {
  const made = new Map<string, T>()
  return allowance => {
    const known = made.get(allowance.name) ?? make(allowance)
    made.set(allowance.name, known)
    return known
  }
}

export function createLimiters(client: CounterClient): Limiters {
  const memory = once(
    ({ name, points, seconds }) => new RateLimiterMemory({ keyPrefix: name, points, duration: seconds }),
  )
  const kept = new Map<string, Counter>()

  function keep(counter: Counter): void {
    const key = keyOf(counter.allowance, counter.of)
    kept.delete(key)
    kept.set(key, counter)
    if (kept.size <= MOST_IN_MEMORY) return
    for (const [oldestKey, oldest] of kept) {
      kept.delete(oldestKey)
      return void memory(oldest.allowance).delete(oldest.of)
    }
  }

  return {
    stored: once(allowance => onTable(client, allowance)),
    inMemory(counter) {
      keep(counter)
      return memory(counter.allowance)
    },
  }
}
