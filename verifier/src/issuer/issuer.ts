/** What is known of an issuer, kept fresh in the background, and how fresh it is: for a service that is asked whether it is ready. */
import type { Environment, Report } from '../environment.ts'
import { createJwsVerification } from '../jose/jws.ts'
import type { SignatureAlgorithm } from '../jose/signature-algorithm.ts'
import { type Documents, type Health, problemIn, statusOf } from './health.ts'
import { createKeys, type Keys } from './issuer-keys.ts'
import { createStatusLists, type StatusLists } from './known-status-lists.ts'
import { locateIssuer } from './locations.ts'
import { createMetadata, type MetadataSource } from './metadata.ts'
import { type RefreshRounds, startRefreshRounds, type WatchRounds } from './refresh-rounds.ts'
import { STATUS_LIST_TOKEN } from './status-list-token.ts'

export interface Issuer extends RefreshRounds {
  readonly metadata: MetadataSource
  readonly keys: Keys
  readonly statusLists: StatusLists
  readonly health: () => Health
}

export interface IssuerSettings {
  readonly issuer: string
  readonly discovery: string | undefined
  readonly algorithms: readonly SignatureAlgorithm[]
  /** Seconds, as are those that follow. */
  readonly clockTolerance: number
  readonly pollInterval: number
  readonly maxStaleness: number
}

/** Begins to fetch at once, and goes on until it is stopped. */
export function followIssuer(
  settings: IssuerSettings,
  environment: Environment,
  report: Report,
  watch: WatchRounds,
): Issuer {
  const { issuer, discovery, algorithms, clockTolerance, pollInterval, maxStaleness } = settings
  const locations = locateIssuer(issuer, discovery)
  const metadata = createMetadata(issuer, locations, environment, report)
  const keys = createKeys(metadata, algorithms, environment, report)
  const verifyStatusList = createJwsVerification(keys, algorithms, STATUS_LIST_TOKEN)
  const rules = { verifyStatusList, now: environment.now, clockTolerance }
  const statusLists = createStatusLists(issuer, locations, metadata, rules, environment, report)

  const documents = (): Documents => ({
    keys: keys.health(),
    aggregation: statusLists.aggregationHealth(),
    statusLists: statusLists.health(),
  })

  const rounds = startRefreshRounds(
    {
      async refresh() {
        if (keys.health().problem !== undefined) await metadata.refresh()
        await Promise.all([keys.refresh(), statusLists.refresh()])
      },
      isLoaded: () => keys.ageMs() < Number.POSITIVE_INFINITY && statusLists.areLoaded(),
      problem: () => problemIn(documents()),
    },
    pollInterval,
    environment,
    watch,
  )

  return {
    ...rounds,
    metadata,
    keys,
    statusLists,
    health() {
      const known = documents()
      return { status: statusOf(known, maxStaleness), ...known }
    },
  }
}
