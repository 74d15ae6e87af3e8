/** Whether the token service may be asked now: not while it is to be left alone, and not for many strangers' keys at once. */
import type { Environment, Report } from '../environment.ts'
import { TokenError } from '../token-error.ts'
import type { ExchangeAnswer } from './token-exchange.ts'

/** Keys that were never exchanged. Any caller can send one, and each costs a call. */
const MAX_STRANGERS = 16
/** For who is one too many. */
const CROWDED_MS = 1_000
/** After a pause, keys known good come first: strangers, whose calls may have brought it about, wait for so much longer. */
const HEAD_START_MS = 1_000

export type Answered = Exclude<ExchangeAnswer, { readonly kind: 'failed' }>

export interface ExchangeGate {
  /**
   * @param isKnown whether the key was good when it was last exchanged
   * @throws TokenError unavailable, with the time after which to come again
   */
  readonly pass: (isKnown: boolean, exchange: () => Promise<ExchangeAnswer>) => Promise<Answered>
}

/** @param ms milliseconds after which it may be otherwise */
export const unavailable = (ms: number): TokenError =>
  new TokenError('unavailable', 'The API key cannot be verified at the moment.', ms / 1000)

export function createExchangeGate(
  uri: () => string | undefined,
  { elapsed }: Pick<Environment, 'elapsed'>,
  report: Report,
): ExchangeGate {
  let pausedUntilMs = Number.NEGATIVE_INFINITY
  /** Whether a key known good came in the pause. */
  let knownWaits = false
  let strangers = 0
  let problem: string | undefined

  function assertMayAsk(isKnown: boolean): void {
    const pauseMs = pausedUntilMs - elapsed()
    if (isKnown && pauseMs > 0) knownWaits = true
    const waitMs = pauseMs + (!isKnown && knownWaits ? HEAD_START_MS : 0)
    if (waitMs > 0) throw unavailable(waitMs)
    if (!isKnown && strangers >= MAX_STRANGERS) throw unavailable(CROWDED_MS)
  }

  /** What a failure says holds for every key: it is the service, or the client, that is in trouble. */
  function hear(answer: ExchangeAnswer): Answered {
    const last = problem
    problem = answer.kind === 'failed' ? answer.problem : undefined
    if (answer.kind !== 'failed') {
      if (last !== undefined) report({ type: 'recovery', document: 'token_endpoint', uri: uri() })
      return answer
    }
    if (problem !== undefined && problem !== last)
      report({ type: 'outage', document: 'token_endpoint', uri: uri(), problem })
    knownWaits = false
    pausedUntilMs = Math.max(pausedUntilMs, elapsed() + answer.pauseMs)
    throw unavailable(pausedUntilMs - elapsed())
  }

  return {
    async pass(isKnown, exchange) {
      assertMayAsk(isKnown)
      if (isKnown) return hear(await exchange())
      strangers += 1
      try {
        return hear(await exchange())
      } finally {
        strangers -= 1
      }
    },
  }
}
