/** What a verifier takes from its surroundings, and what it tells them. */
import type { WebFetch } from './web-types.ts'

/** Clocks, timers, chance and the network. Tests with a time of their own put theirs in its place. */
export interface Environment {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Milliseconds since any moment; unlike `now` it never jumps. */
  readonly elapsed: () => number
  /** At least 0, less than 1. */
  readonly random: () => number
  /** Calls `work` once after some milliseconds, if what it returns is not called before. */
  readonly schedule: (work: () => void, ms: number) => () => void
  readonly fetch: WebFetch
}

export const systemEnvironment: Environment = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: () => Math.random(),
  schedule(work, ms) {
    // What is done in the background keeps no process alive. Timers of Deno are plain numbers.
    const timer: { unref?: () => void } = setTimeout(work, ms)
    timer.unref?.()
    return () => clearTimeout(timer as ReturnType<typeof setTimeout>)
  },
  fetch: (input, init) => fetch(input, init),
}

/** What is not given is the system's. @throws TypeError for what is no function */
export function readEnvironment(given: Partial<Environment>): Environment {
  if (typeof given !== 'object' || given === null) throw new TypeError('The surroundings of a verifier are an object.')
  const {
    now = systemEnvironment.now,
    elapsed = systemEnvironment.elapsed,
    random = systemEnvironment.random,
    schedule = systemEnvironment.schedule,
    fetch = systemEnvironment.fetch,
  } = given
  const environment = { now, elapsed, random, schedule, fetch }
  for (const [name, value] of Object.entries(environment))
    if (typeof value !== 'function') throw new TypeError(`${name} of a verifier's surroundings must be a function.`)
  return environment
}

/** What a verifier tells about what goes on in the background. */
export type VerifierEvent =
  /**
   * A document can't be had or used: the version before it, if there is one, stays in use. Or the `token_endpoint` exchanges no API
   * key: those with a token that is alive go on. Said once for each problem.
   */
  | {
      readonly type: 'outage'
      readonly document: string
      readonly uri: string | undefined
      readonly problem: string
    }
  /** Said once, at the start. */
  | { readonly type: 'insecure_discovery'; readonly uri: string }
  | { readonly type: 'recovery'; readonly document: string; readonly uri: string | undefined }
  /**
   * A status list comes with an `Age`: the issuer can't look for revocations, or a cache answers in its place. Said once, until none
   * has come for a minute: then it is `fresh`.
   */
  | {
      readonly type: 'aged'
      readonly document: string
      readonly uri: string
      readonly ageSeconds: number
    }
  | { readonly type: 'fresh'; readonly document: string; readonly uri: string }
  /** A key of the JWK Set is not used. Said once, until it has gone or is bad for another reason. */
  | { readonly type: 'key_left_out'; readonly kid: string | undefined; readonly problem: string }
  /** A token passed although its status list has never been loaded (lenient). Said once, until it is loaded. */
  | { readonly type: 'status_unchecked'; readonly uri: string }
  /** A key was not exchanged for a reason that may be the client's: its audience or scope. Said once an hour for each problem. */
  | { readonly type: 'api_key_not_exchanged'; readonly problem: string }

export type Report = (event: VerifierEvent) => void

/** The surroundings until `close`: nothing is fetched any more then, and what is not fetched is no outage. */
export function untilClosed(
  surroundings: Environment,
  listener: Report,
): { readonly environment: Environment; readonly report: Report; readonly close: () => void } {
  const tell = reportTo(listener)
  let isClosed = false
  const fetchUntilClosed: Environment['fetch'] = async (input, init) => {
    if (isClosed) throw new Error('The verifier is closed.')
    return surroundings.fetch(input, init)
  }
  const report: Report = event => {
    if (!isClosed) tell(event)
  }
  return {
    environment: { ...surroundings, fetch: fetchUntilClosed },
    report,
    close() {
      isClosed = true
    },
  }
}

/** What a listener throws must not stop the background. */
const reportTo =
  (listener: Report): Report =>
  event => {
    // It is the listener's fault, and there is nobody else to tell.
    new Promise(resolve => resolve(listener(event))).catch(() => undefined)
  }
