/** How fresh what is known is: for a service that is asked whether it is ready. */
import type { DocumentHealth } from './polled-document.ts'

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

export function healthOf(documents: Documents, maxStaleness: number): Health {
  return { status: statusOf(documents, maxStaleness), ...documents }
}

/** Whether nothing is wrong with any of them. */
export const areWell = (documents: Documents): boolean =>
  documentsIn(documents).every(({ problem }) => problem === undefined)

function statusOf(documents: Documents, maxStaleness: number): Health['status'] {
  if (documents.keys.ageSeconds === undefined) return 'unavailable'
  const isFresh = ({ ageSeconds }: DocumentHealth): boolean => ageSeconds !== undefined && ageSeconds <= maxStaleness
  return documentsIn(documents).every(isFresh) ? 'ok' : 'stale'
}
