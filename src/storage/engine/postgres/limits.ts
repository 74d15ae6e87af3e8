/** How long PostgreSQL may take: for somebody who waits for a response, and for what has more time. */
import type { Waited } from '../../../records/request-waits.ts'
import type { Limits } from './connection.ts'

/** A response has to be made, and to arrive, within the time, too. */
const SHARE_OF_DATABASE = 0.9
/** Of what is left. Longer than this nobody waits for a lock: the server is to say so before we give up, and the connection stays good. */
const SHARE_OF_LOCK = 0.8
/** Of the whole time. Where no transaction says how long a lock may be waited for, the connection does. */
const SHARE_OF_SESSION_LOCK = 0.6

export interface PostgresLimits {
  /** What is left of the time of a request, all of its works together; undefined beside requests. */
  leftMs(waited: Waited | undefined): number | undefined
  /** For an open connection. */
  connectionMs(leftMs: number | undefined): number
  /** Of one connection, to the server and back until it can be used. */
  readonly dialMs: number
  readonly sessionLockMs: number
  /** For a transaction, or a statement without one. */
  of(leftMs: number | undefined): Limits
  /** For a statement of the counters. Where somebody waits for it, memory can count, too. */
  ofCounting(leftMs: number | undefined): Limits
}

/** @param timeoutMs the longest that a request waits for the database */
export function postgresLimits(timeoutMs: number): PostgresLimits {
  const [allMs, halfMs] = [SHARE_OF_DATABASE * timeoutMs, (SHARE_OF_DATABASE * timeoutMs) / 2]
  const unhurried: Limits = { lockMs: timeoutMs, statementMs: 2.5 * timeoutMs, transactionMs: 5 * timeoutMs }
  const of = (leftMs: number | undefined): Limits => {
    if (leftMs === undefined) return unhurried
    const statementMs = Math.max(1, Math.ceil(leftMs))
    return { lockMs: Math.max(1, Math.floor(leftMs * SHARE_OF_LOCK)), statementMs, transactionMs: statementMs }
  }
  return {
    leftMs: waited => waited && allMs - waited.ms,
    connectionMs: leftMs => (leftMs === undefined ? timeoutMs : Math.min(leftMs, halfMs)),
    dialMs: allMs,
    sessionLockMs: Math.round(SHARE_OF_SESSION_LOCK * timeoutMs),
    of,
    ofCounting: (leftMs = halfMs) => of(Math.min(leftMs, halfMs)),
  }
}
