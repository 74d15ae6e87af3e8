/** Times as people read them. */
import { type Clock, isoTime } from '../clock.ts'

/** What a command needs that says how long ago something was. */
export interface TimeService {
  readonly clock: Clock
}

const MINUTE_SECONDS = 60
const HOUR_SECONDS = 3600
const DAY_SECONDS = 86_400

/** Whole units: up to two days in hours, so that last night is told from the night before. */
function amountOf(seconds: number): string {
  if (seconds < MINUTE_SECONDS) return `${seconds} s`
  if (seconds < HOUR_SECONDS) return `${Math.floor(seconds / MINUTE_SECONDS)} min`
  if (seconds < 2 * DAY_SECONDS) return `${Math.floor(seconds / HOUR_SECONDS)} h`
  return `${Math.floor(seconds / DAY_SECONDS)} d`
}

/** `3 h ago`, `in 12 d`, rounded down. */
export function relativeTime(atMs: number, nowMs: number): string {
  const seconds = Math.floor(Math.abs(atMs - nowMs) / 1000)
  if (seconds === 0) return 'now'
  return atMs > nowMs ? `in ${amountOf(seconds)}` : `${amountOf(seconds)} ago`
}

/** The exact time, and how far it is away. */
export const fullTime = (atMs: number, nowMs: number): string => `${isoTime(atMs)} (${relativeTime(atMs, nowMs)})`

/** In UTC, to the second, as `--since` and `--until` take it. */
export const secondTime = (atMs: number): string => isoTime(atMs).replace(/\.\d+Z$/, 'Z')
