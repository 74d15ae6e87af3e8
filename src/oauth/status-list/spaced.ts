import { setTimeout as delay } from 'node:timers/promises'

/**
 * Runs `make` never twice at a time and at most once in an interval, for all who wait for it together: each gets a result that was
 * begun after its call.
 * @param intervalMs between two beginnings, by a clock that nobody sets
 */
export function spaced<T>(intervalMs: number, make: () => Promise<T>): () => Promise<T> {
  let begunAt = Number.NEGATIVE_INFINITY
  let running: Promise<T> | undefined
  let next: Promise<T> | undefined

  async function afterTheLast(): Promise<T> {
    await running?.catch(() => {})
    const waitMs = begunAt + intervalMs - performance.now()
    if (waitMs > 0) await delay(waitMs)
    next = undefined
    begunAt = performance.now()
    running = make()
    return running
  }

  return () => {
    next ??= afterTheLast()
    return next
  }
}
