import type { Expression, RawBuilder, SqlBool } from 'kysely'
import type { Clock } from '../../clock.ts'
import type { Randomness } from '../../randomness.ts'

/** What differs between the databases, and what the stores take from outside. */
export interface Dialect {
  readonly clock: Clock
  readonly randomness: Randomness
  /** The one clock that several instances share: the database's on PostgreSQL; on SQLite, `ours`. */
  nowMs(ours: Expression<number>): RawBuilder<number>
  /** Whether a read inside a transaction must say that it locks what it reads; SQLite has one writer at a time anyway. */
  readonly locksRows: boolean
  /** The rows of a subquery as the text of a JSON array of objects with these columns; null or `[]` when there are none. */
  jsonRows(columns: readonly string[]): RawBuilder<string | null>
  /** What the server tells of itself (ServerFacts), as the text of a JSON object; null where there is none, or it does not tell. */
  readonly serverFacts: RawBuilder<string | null>
  /** Whether a text holds this part, letter by letter: nothing in it is a wildcard. */
  contains(text: Expression<string>, part: string): RawBuilder<SqlBool>
}
