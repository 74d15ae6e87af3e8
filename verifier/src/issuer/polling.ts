/** Rounds that follow each other, never two at a time. */
import type { Environment } from '../environment.ts'

/** A round may come sooner by this share of the interval, so that services that started together do not ask together. */
const JITTER = 0.1

/**
 * @param round never rejects
 * @param interval milliseconds from the start of a round to that of the next, asked anew each time
 * @returns stops it
 */
export function startPolling(
  round: () => Promise<void>,
  interval: () => number,
  { elapsed, random, schedule }: Environment,
): () => void {
  let isStopped = false
  let cancel = () => {}

  async function next(): Promise<void> {
    const beganAt = elapsed()
    await round()
    if (isStopped) return
    const ms = interval() * (1 - JITTER * random()) - (elapsed() - beganAt)
    cancel = schedule(next, Math.max(ms, 0))
  }

  void next()
  return () => {
    isStopped = true
    cancel()
  }
}
