/** What is known of an issuer, kept fresh in the background, and how fresh it is: for a service that is asked whether it is ready. */
import type { Environment, Report } from '../environment.ts'
import type { SignatureAlgorithm } from '../jose/algorithms.ts'
import { createJwsVerification } from '../jose/jws.ts'
import { createKeys, type Keys } from './issuer-keys.ts'
import { createStatusLists, type StatusLists } from './known-status-lists.ts'
import { createMetadata, type MetadataSource } from './metadata.ts'
import type { DocumentHealth } from './polled-document.ts'
import { type RefreshRounds, startRefreshRounds } from './refresh-rounds.ts'
import { STATUS_LIST_TOKEN } from './status-list-token.ts'

export interface Health {
  /**
   * `ok`: all that is known was confirmed within `maxStaleness`. `stale`: verification goes on with what is known (lenient) or
   * refuses (strict). `unavailable`: there has never been a key, and nothing can be verified.
   */
  readonly status: 'ok' | 'stale' | 'unavailable'
  readonly keys: DocumentHealth
  /** The document that says which status lists there are; undefined when the issuer has none. */
  readonly aggregation: DocumentHealth | undefined
  readonly statusLists: readonly DocumentHealth[]
}

export interface Issuer extends RefreshRounds {
  readonly metadata: MetadataSource
  readonly keys: Keys
  readonly statusLists: StatusLists
  readonly health: () => Health
}

export interface IssuerSettings {
  readonly issuer: string
  readonly algorithms: readonly SignatureAlgorithm[]
  /** Seconds, as are those that follow. */
  readonly clockTolerance: number
  readonly pollInterval: number
  readonly maxStaleness: number
}

/** Begins to fetch at once, and goes on until it is stopped. */
export function followIssuer(settings: IssuerSettings, environment: Environment, report: Report): Issuer {
  const { issuer, algorithms, clockTolerance, pollInterval, maxStaleness } = settings
  const metadata = createMetadata(issuer, environment, report)
  const keys = createKeys(metadata, algorithms, environment, report)
  const verifyStatusList = createJwsVerification(keys, algorithms, STATUS_LIST_TOKEN)
  const rules = { verifyStatusList, now: environment.now, clockTolerance }
  const statusLists = createStatusLists(issuer, metadata, rules, environment, report)

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
      isWell: () => documentsIn(documents()).every(({ problem }) => problem === undefined),
    },
    pollInterval,
    environment,
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

type Documents = Omit<Health, 'status'>

const documentsIn = ({ keys, aggregation, statusLists }: Documents): readonly DocumentHealth[] =>
  [keys, aggregation, ...statusLists].filter(document => document !== undefined)

function statusOf(documents: Documents, maxStaleness: number): Health['status'] {
  if (documents.keys.ageSeconds === undefined) return 'unavailable'
  const isFresh = ({ ageSeconds }: DocumentHealth): boolean => ageSeconds !== undefined && ageSeconds <= maxStaleness
  return documentsIn(documents).every(isFresh) ? 'ok' : 'stale'
}
