/** The table in which attempts are counted, beside the stores: a point that was taken stays so when a request's write is undone. */

/** What the library of the counters asks of a database, in the form of the driver that it expects. */
export type CounterClient =
  | {
      readonly kind: 'sqlite'
      prepare(text: string): {
        get(...parameters: readonly unknown[]): unknown
        run(...parameters: readonly unknown[]): { readonly changes: number }
      }
      transaction<T>(work: () => T): () => T
    }
  | {
      readonly kind: 'postgres'
      query(query: { readonly text: string; readonly values?: readonly unknown[] }): Promise<unknown>
    }

/** A point to take, of a window that begins with it if there is none. */
export interface Taking {
  readonly key: string
  /** When there are more than these in the window, no further one is taken. */
  readonly points: number
  readonly windowMs: number
}

export interface Taken {
  readonly consumedPoints: number
  readonly msBeforeNext: number
}

export interface CounterTable {
  readonly client: CounterClient
  /** In one statement, where each costs a wait; undefined where none does. Answers those that were taken, in their order. */
  readonly takeInTurn: ((takings: readonly Taking[]) => Promise<readonly Taken[]>) | undefined
  /** Those with a key from `from` on and before `before`, by the order of their bytes. */
  remove(from: string, before: string): Promise<void>
  /** Of these, those that count nothing, and those whose windows end after this. */
  removeUseless(keys: readonly string[], afterMs: number): Promise<void>
  /** At most `limit` whose windows ended before this, and answers how many. */
  removeOver(beforeMs: number, limit: number): Promise<number>
  close(): void
}

export const COUNTER_TABLE = 'attempt_counters'
