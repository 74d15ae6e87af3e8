/** Times as people read them. */
import { type Clock, isoTime, relativeTime } from '../clock.ts'

/** What a command needs that says how long ago something was. */
export interface TimeService {
  readonly clock: Clock
}

/** The exact time, and how far it is away. */
export const fullTime = (atMs: number, nowMs: number): string => `${isoTime(atMs)} (${relativeTime(atMs, nowMs)})`

/** In UTC, to the second, as `--since` and `--until` take it. */
export const secondTime = (atMs: number): string => isoTime(atMs).replace(/\.\d+Z$/, 'Z')
