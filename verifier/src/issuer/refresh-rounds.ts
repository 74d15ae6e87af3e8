/** Refreshes again and again in the background, in rounds that follow each other: never two at a time. */
import type { Environment } from '../environment.ts'
import { TokenError } from '../token-error.ts'

/** A round may come sooner by this share of the interval, so that services that started together do not ask together. */
const JITTER = 0.1
/** After a round that failed the next one follows sooner: after this time, then after twice as long, and so on. */
const RETRY_MS = 500

export interface RefreshRounds {
  /** Resolves when all is loaded; rejects with TokenError unavailable when the round under way, or else the next, fails, or none follows. */
  readonly ready: () => Promise<void>
  readonly stop: () => void
}

export interface Refreshed {
  /** Never rejects. */
  readonly refresh: () => Promise<void>
  readonly isLoaded: () => boolean
  /** What is wrong; undefined when nothing is. */
  readonly problem: () => string | undefined
}

/** Told after each round what is wrong; undefined when nothing is. */
export type WatchRounds = (problem: string | undefined) => void

/** @param pollInterval seconds from the start of a round to that of the next, when nothing is missing or out of date */
export function startRefreshRounds(
  { refresh, isLoaded, problem }: Refreshed,
  pollInterval: number,
  { elapsed, random, schedule }: Environment,
  watch: WatchRounds,
): RefreshRounds {
  const readiness = createReadiness()
  /** Rounds in a row after which something was missing or out of date. */
  let failures = 0
  let isStopped = false
  let cancel = () => {}

  function intervalMs(): number {
    const regular = pollInterval * 1000
    return failures === 0 ? regular : Math.min(regular, RETRY_MS * 2 ** (failures - 1))
  }

  async function round(): Promise<void> {
    const beganAt = elapsed()
    await refresh()
    if (isStopped) return
    const reason = problem()
    if (isLoaded()) readiness.reached()
    else readiness.missed(reason ?? 'Something is missing.')
    failures = isLoaded() && reason === undefined ? 0 : failures + 1
    watch(reason)
    const ms = intervalMs() * (1 - JITTER * random()) - (elapsed() - beganAt)
    cancel = schedule(round, Math.max(ms, 0))
  }

  void round()
  return {
    ready: readiness.promise,
    stop() {
      isStopped = true
      cancel()
      readiness.closed()
    },
  }
}

/** A promise for each round, until one has loaded all or there are no more: that one is kept. */
function createReadiness() {
  let isReached = false
  let round = promiseOfRound()
  return {
    promise: () => round.promise,
    reached() {
      isReached = true
      round.resolve()
    },
    missed(reason: string) {
      if (isReached) return
      round.reject(new TokenError('unavailable', `The verifier is not ready. ${reason}`))
      round = promiseOfRound()
    },
    closed: () => round.reject(new TokenError('unavailable', 'The verifier was closed before it was ready.')),
  }
}

// Promise.withResolvers is not in Node 20.
function promiseOfRound() {
  let resolve = (): void => {}
  let reject = (_error: TokenError): void => {}
  const promise = new Promise<void>((...settle) => {
    ;[resolve, reject] = settle
  })
  // Nobody has to wait for it.
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}
