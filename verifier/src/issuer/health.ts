/** How fresh what is known of an issuer is: for a service that is asked whether it is ready. */

export interface DocumentHealth {
  /** Undefined until it is known where the document lies. */
  readonly uri: string | undefined
  /** Seconds since the kept version was last known to be the newest; undefined when there is none. */
  readonly ageSeconds: number | undefined
  /** Why the last try failed. */
  readonly problem: string | undefined
}

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

export type Documents = Omit<Health, 'status'>

const documentsIn = ({ keys, aggregation, statusLists }: Documents): readonly DocumentHealth[] =>
  [keys, aggregation, ...statusLists].filter(document => document !== undefined)

/** The first one: without the keys, for one, nothing else can be used either. */
export function problemIn(documents: Documents): string | undefined {
  const { uri, problem } = documentsIn(documents).find(each => each.problem !== undefined) ?? {}
  return uri === undefined ? problem : `${uri}: ${problem}`
}

export function statusOf(documents: Documents, maxStaleness: number): Health['status'] {
  if (documents.keys.ageSeconds === undefined) return 'unavailable'
  const isFresh = ({ ageSeconds }: DocumentHealth): boolean => ageSeconds !== undefined && ageSeconds <= maxStaleness
  return documentsIn(documents).every(isFresh) ? 'ok' : 'stale'
}
