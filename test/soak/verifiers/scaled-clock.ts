/** A time that runs faster than the real one, the same in every process that knows its two numbers. */
import type { Clock } from '../../../src/clock.ts'

export interface Scale {
  /** The real time at which both times were the same. */
  readonly startMs: number
  /** Milliseconds that pass in one real millisecond. */
  readonly factor: number
}

// Kept, because a process under scaled-time.ts has another Date.now.
const realNow = Date.now

export const scaledClock = ({ startMs, factor }: Scale): Clock => ({
  now: () => startMs + factor * (realNow() - startMs),
})

/** Where a process finds the scale (scaled-time.ts). */
export const SCALE_VARIABLE = 'TEST_TIME_SCALE'
