/** A document that is fetched again and again, and of which the last good version is kept. */
import type { Environment, Report } from '../environment.ts'
import { createAgeReport } from './age-report.ts'
import type { DocumentHealth } from './health.ts'
import { getDocument, type HttpAnswer } from './http-document.ts'
import { messageOf } from './limited-fetch.ts'

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
  /**
   * Whether `Age` tells when what the issuer says was true, because it says it without a look when it can't look. Otherwise it is
   * how long a cache has had the document, and each document is news.
   */
  readonly heedsAge?: boolean
}

/**
 * `Age` is in whole seconds, so only what was true a second later is known to be newer. Seconds of the clock would not do: issuer and
 * verifier do not begin them at the same moment.
 */
const AGE_STEP_MS = 1000

/** In milliseconds, by each of the clocks. */
interface Moment {
  readonly now: number
  readonly elapsed: number
}

const before = ({ now, elapsed }: Moment, ms: number): Moment => ({ now: now - ms, elapsed: elapsed - ms })

export function createPolledDocument<Value>(
  { name, accept, locate, read, confirm = () => undefined, heedsAge = false }: DocumentSource<Value>,
  { fetch, now, elapsed }: Pick<Environment, 'fetch' | 'now' | 'elapsed'>,
  report: Report,
): PolledDocument<Value> {
  let held: { readonly value: Value; readonly etag: string | undefined } | undefined
  /** What is held was true then or later. */
  let confirmedAt: Moment | undefined
  /**
   * And not later than that: when it was received or confirmed, less `Age`, in milliseconds of `elapsed`. The clock would not do: set
   * forward, it makes an old document pass for a newer one; set back, it keeps out all that have an `Age`.
   */
  let trueAtMs = Number.NEGATIVE_INFINITY
  let uri: string | undefined
  let problem: string | undefined
  let underWay: Promise<void> | undefined
  const ageReport = createAgeReport(name, elapsed, report)

  /** An answer was true after its question and before it was received (RFC 9111 §4.2.3): both, less `Age`. */
  async function hear({ body, etag }: HttpAnswer, askedAt: Moment, age: number | undefined): Promise<void> {
    const trueSince = before(askedAt, age ?? 0)
    if (body !== undefined) {
      const value = await read(body, held?.value)
      // Who could not look may not know what another instance has said since. Who could has the newest there is.
      if (age !== undefined && trueSince.elapsed < trueAtMs + AGE_STEP_MS) return
      held = { value, etag }
    } else if (held !== undefined) confirm(held.value)
    trueAtMs = Math.max(trueAtMs, elapsed() - (age ?? 0))
    if (confirmedAt === undefined || trueSince.elapsed > confirmedAt.elapsed) confirmedAt = trueSince
  }

  async function fetchNewest(): Promise<void> {
    const askedAt = { now: now(), elapsed: elapsed() }
    uri = await locate()
    // After a failure the whole document is asked for: it may be the 304 that is wrong, or something that refuses conditions.
    const known = problem === undefined ? held?.etag : undefined
    const answer = await getDocument(fetch, uri, { accept, known })
    const age = heedsAge ? answer.ageMs : undefined
    await hear(answer, askedAt, age)
    ageReport.heard(uri, age)
  }

  async function refreshOnce(): Promise<void> {
    try {
      await fetchNewest()
      if (problem !== undefined) report({ type: 'recovery', document: name, uri })
      problem = undefined
    } catch (error) {
      const last = problem
      problem = messageOf(error)
      if (problem !== last) report({ type: 'outage', document: name, uri, problem })
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
