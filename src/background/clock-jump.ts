import type { Clock } from '../clock.ts'

/**
 * Notices that the clock was set: what a clock that is wrong for a moment does can often not be undone.
 * @param largestMs what a clock may be corrected by while it runs
 * @returns a function that answers by how many milliseconds it was set since the last call, or undefined
 */
export function createJumpWatch(clock: Clock, largestMs: number): () => number | undefined {
  const look = () => ({ wallMs: clock.now(), steadyMs: performance.now() })
  let seen = look()
  return () => {
    const now = look()
    const jumpMs = Math.round(Math.abs(now.wallMs - seen.wallMs - (now.steadyMs - seen.steadyMs)))
    seen = now
    return jumpMs > largestMs ? jumpMs : undefined
  }
}
