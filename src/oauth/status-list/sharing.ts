/** Work that many ask for at once and that is done once for all of them. */
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'

/**
 * Runs `work` never twice at a time, for all who ask before it begins: each gets a result that was begun after its question.
 * @param intervalMs between two beginnings, by a clock that nobody sets; in any case, all who ask in one turn of the event loop share
 */
export function shared<T>(work: () => Promise<T>, intervalMs = 0): () => Promise<T> {
  let begunAt = Number.NEGATIVE_INFINITY
  let running: Promise<T> | undefined
  let next: Promise<T> | undefined

  async function afterTheLast(): Promise<T> {
    await running?.catch(() => {})
    const waitMs = begunAt + intervalMs - performance.now()
    await (waitMs > 0 ? delay(waitMs) : nextTurn())
    next = undefined
    begunAt = performance.now()
    running = work()
    return running
  }

  return () => {
    next ??= afterTheLast()
    return next
  }
}

/** A limit is waited for in so many parts: when this process itself stood still, one of them has passed, not the whole. */
const PARTS = 4

/**
 * @param limitMs by a clock that nobody sets, and only while this process runs
 * @throws what `tooLate` answers when the promise takes longer
 */
export function within<T>(limitMs: number, promise: Promise<T>, tooLate: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout
    const wait = (parts: number) => {
      timer = setTimeout(() => (parts === 1 ? reject(tooLate()) : wait(parts - 1)), limitMs / PARTS)
    }
    wait(PARTS)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
