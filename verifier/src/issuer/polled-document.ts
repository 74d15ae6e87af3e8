/** A document that is fetched again and again, and of which the last good version is kept. */
import type { Environment, Report } from '../environment.ts'
import { getDocument } from './http-document.ts'

export interface DocumentHealth {
  /** Undefined until it is known where the document lies. */
  readonly uri: string | undefined
  /** Seconds since the kept version was last known to be the newest; undefined when there is none. */
  readonly ageSeconds: number | undefined
  /** Why the last try failed. */
  readonly problem: string | undefined
}

export interface PolledDocument<Value> {
  /** What the newest good version says. */
  readonly value: () => Value | undefined
  /** Milliseconds since the kept version was last known to be the newest; infinite when there is none. */
  readonly ageMs: () => number
  readonly isRefreshing: () => boolean
  /** One at a time: who comes later waits for the one under way. Never rejects, because a failure is an outage and is reported. */
  readonly refresh: () => Promise<void>
  readonly health: () => DocumentHealth
}

export interface DocumentSource<Value> {
  readonly name: string
  readonly accept: string
  /** @throws when it can't be found out */
  readonly locate: () => Promise<string>
  /** @throws when the body is not to be used */
  readonly read: (body: Uint8Array, held: Value | undefined) => Value | Promise<Value>
  /** @throws when what is held is not to be used any longer, although there is nothing newer */
  readonly confirm?: (held: Value) => void
}

/** In milliseconds, by each of the clocks. */
interface Moment {
  readonly now: number
  readonly elapsed: number
}

export function createPolledDocument<Value>(
  { name, accept, locate, read, confirm = () => undefined }: DocumentSource<Value>,
  { fetch, now, elapsed }: Pick<Environment, 'fetch' | 'now' | 'elapsed'>,
  report: Report,
): PolledDocument<Value> {
  let held: { readonly value: Value; readonly etag: string | undefined } | undefined
  let confirmedAt: Moment | undefined
  let uri: string | undefined
  let problem: string | undefined
  let underWay: Promise<void> | undefined

  async function fetchNewest(): Promise<void> {
    uri = await locate()
    // After a failure the whole document is asked for: it may be the 304 that is wrong, or something that refuses conditions.
    const known = problem === undefined ? held?.etag : undefined
    const answer = await getDocument(fetch, uri, { accept, known })
    if (answer !== undefined) held = { value: await read(answer.body, held?.value), etag: answer.etag }
    else if (held !== undefined) confirm(held.value)
  }

  async function refreshOnce(): Promise<void> {
    // What the other side says was true at some time after this.
    const beganAt = { now: now(), elapsed: elapsed() }
    try {
      await fetchNewest()
      confirmedAt = beganAt
      if (problem !== undefined) report({ type: 'recovery', document: name, uri })
      problem = undefined
    } catch (error) {
      const before = problem
      problem = messageOf(error)
      if (problem !== before) report({ type: 'outage', document: name, uri, problem })
    }
  }

  /** By both clocks, as one of them may stand still while the machine sleeps, and the other may be set back. */
  function ageMs(): number {
    if (confirmedAt === undefined) return Number.POSITIVE_INFINITY
    return Math.max(elapsed() - confirmedAt.elapsed, now() - confirmedAt.now)
  }

  return {
    value: () => held?.value,
    ageMs,
    isRefreshing: () => underWay !== undefined,
    refresh() {
      underWay ??= refreshOnce().finally(() => {
        underWay = undefined
      })
      return underWay
    },
    health: () => ({ uri, ageSeconds: held === undefined ? undefined : Math.round(ageMs()) / 1000, problem }),
  }
}

/** `fetch failed` alone says nothing: the reason is in the cause. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'It failed.'
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
