import type { Clock } from '../../src/clock.ts'

export interface TestClock extends Clock {
  /** Moves the time on, by milliseconds. */
  advance(milliseconds: number): void
}

/** A clock that stands still until it is moved; it starts at the real time, so that other programs accept the tokens. */
export function testClock(startMs: number = Date.now()): TestClock {
  let nowMs = startMs
  return {
    now: () => nowMs,
    advance: milliseconds => {
      nowMs += milliseconds
    },
  }
}
