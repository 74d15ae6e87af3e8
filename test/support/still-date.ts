/** `Date.now`, which the library of the counters asks, and the system's clock, too. */
import type { Test } from 'tap'

/**
 * Lets it stand still until the end of the test, or until it is moved: no window ends because a machine is busy. One test at a time.
 * @returns moves it, by seconds
 */
export function stillDate(t: Test): (seconds: number) => void {
  const now = Date.now
  t.teardown(() => {
    Date.now = now
  })
  let nowMs = now()
  Date.now = () => nowMs
  return seconds => {
    nowMs += seconds * 1000
  }
}
