/** Refreshes again and again in the background, in rounds that follow each other: never two at a time. */
import type { Environment } from '../environment.ts'
import { TokenError } from '../token-error.ts'

/** A round may come sooner by this share of the interval, so that services that started together do not ask together. */
const JITTER = 0.1
/** After a round that failed the next one follows sooner: after this time, then after twice as long, and so on. */
const RETRY_MS = 500

export interface RefreshRounds {
  /** Resolves when all is loaded; rejects when it is stopped before, with TokenError unavailable. */
  readonly ready: Promise<void>
  readonly stop: () => void
}

export interface Refreshed {
  /** Never rejects. */
  readonly refresh: () => Promise<void>
  readonly isLoaded: () => boolean
  /** Whether nothing is wrong with what is loaded. */
  readonly isWell: () => boolean
}

/** @param pollInterval seconds from the start of a round to that of the next, when nothing is missing or out of date */
export function startRefreshRounds(
  { refresh, isLoaded, isWell }: Refreshed,
  pollInterval: number,
  { elapsed, random, schedule }: Environment,
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
    if (isLoaded()) readiness.reached()
    failures = isLoaded() && isWell() ? 0 : failures + 1
    if (isStopped) return
    const ms = intervalMs() * (1 - JITTER * random()) - (elapsed() - beganAt)
    cancel = schedule(round, Math.max(ms, 0))
  }

  void round()
  return {
    ready: readiness.promise,
    stop() {
      isStopped = true
      cancel()
      readiness.missed()
    },
  }
}

function createReadiness() {
  let reached = (): void => {}
  let missed = (): void => {}
  const promise = new Promise<void>((resolve, reject) => {
    reached = resolve
    missed = () => reject(new TokenError('unavailable', 'The verifier was closed before it was ready.'))
  })
  // Nobody has to wait for it.
  promise.catch(() => undefined)
  return { promise, reached, missed }
}
