/** Keeps keys and status lists fresh in the background. */
import type { Environment } from '../environment.ts'
import { TokenError } from '../token-error.ts'
import { areWell, type Documents } from './health.ts'
import type { Keys } from './issuer-keys.ts'
import type { StatusLists } from './known-status-lists.ts'
import type { MetadataSource } from './metadata.ts'
import { startPolling } from './polling.ts'

/** After a round that failed the next one follows sooner: after this time, then after twice as long, and so on. */
const RETRY_MS = 500

export interface Freshness {
  /** Resolves when all is loaded; rejects when it is stopped before, with TokenError unavailable. */
  readonly ready: Promise<void>
  readonly stop: () => void
}

export function keepFresh(dependencies: {
  readonly metadata: Pick<MetadataSource, 'refresh'>
  readonly keys: Pick<Keys, 'refresh' | 'ageMs' | 'health'>
  readonly statusLists: Pick<StatusLists, 'refresh' | 'areLoaded'>
  readonly documents: () => Documents
  /** Seconds. */
  readonly pollInterval: number
  readonly environment: Environment
}): Freshness {
  const { metadata, keys, statusLists, documents, pollInterval, environment } = dependencies
  const readiness = createReadiness()
  /** Rounds in a row after which something was missing or out of date. */
  let failures = 0

  async function round(): Promise<void> {
    if (keys.health().problem !== undefined) await metadata.refresh()
    await Promise.all([keys.refresh(), statusLists.refresh()])
    const isLoaded = keys.ageMs() < Number.POSITIVE_INFINITY && statusLists.areLoaded()
    if (isLoaded) readiness.reached()
    failures = isLoaded && areWell(documents()) ? 0 : failures + 1
  }

  const intervalMs = pollInterval * 1000
  const nextMs = () => (failures === 0 ? intervalMs : Math.min(intervalMs, RETRY_MS * 2 ** (failures - 1)))
  const stopPolling = startPolling(round, nextMs, environment)

  return {
    ready: readiness.promise,
    stop() {
      stopPolling()
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
