/**
 * How long each request has waited for the database. Its works come one after the other and know nothing of each other: together they
 * may take no longer than a request waits. What runs beside requests, and commands, have more time.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

export interface Waited {
  ms: number
}

export interface RequestWaits {
  /** What `work` does, and all that follows from it, is one request. */
  begin<T>(work: () => T): T
  /** What `work` does is beside the request that began it: nobody waits for it. */
  leave<T>(work: () => T): T
  /** Of the request that asks; undefined beside requests. */
  current(): Waited | undefined
}

export function createRequestWaits(): RequestWaits {
  const requests = new AsyncLocalStorage<Waited>()
  return {
    begin: work => requests.run({ ms: 0 }, work),
    leave: work => requests.exit(work),
    current: () => requests.getStore(),
  }
}

/** For what has no requests. */
export const noRequests: Pick<RequestWaits, 'current'> = { current: () => undefined }
