/**
 * Times that lie ahead of the clock. They were written while the clock was ahead, or the clock is behind now: which of the two cannot
 * be told from them. Nothing that is planned may wait until they have come, and nothing may be forgotten because of them.
 */
import { CLOCK_TOLERANCE_SECONDS } from './limits.ts'

/** What another machine writes at this moment may be of this time: clocks differ. */
export const latestNow = (nowMs: number): number => nowMs + CLOCK_TOLERANCE_SECONDS * 1000

export const liesAhead = (atMs: number, nowMs: number): boolean => atMs > latestNow(nowMs)
