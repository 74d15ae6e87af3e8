/** API keys, each exchanged once for an access token, which is verified like any other and kept in the key's place. */
import type { Environment, Report } from '../environment.ts'
import { createRecentlyUsed } from '../recently-used.ts'
import { TokenError } from '../token-error.ts'
import { hashOf, isApiKey } from './api-key.ts'
import { type ExchangeGate, unavailable } from './exchange-gate.ts'
import type { Exchange } from './token-exchange.ts'

/** @throws TokenError */
type Verify<Claims, Options> = (credential: string, options?: Options) => Promise<Claims>

interface ExchangedKey {
  readonly token: string
  /** By `elapsed`. */
  readonly renewAtMs: number
}

/** Why a key is not exchanged again at once. */
interface Verdict {
  readonly isRefused: boolean
  /** By `elapsed`. */
  readonly untilMs: number
}

/** Each is some hundred bytes to a kilobyte. */
const MAX_KEYS = 10_000
const VERDICT_MS = 10_000
/**
 * Counted from the question, by a clock that is not set: what of its life is left then covers the way of the answer and clocks that
 * differ. A little sooner by chance, so that keys which came together are not renewed together.
 */
const RENEW_AT = 0.75
const JITTER = 0.1
/** A problem that is none of the key's is said again after this time. */
const SAY_AGAIN_MS = 3_600_000

/**
 * @param verifyToken what verifies access tokens
 * @param lenient the options with which it refuses none but those that are bad
 * @returns what verifies keys: the claims are those of the access token
 */
export function createApiKeyVerification<Claims, Options>(
  { verifyToken, lenient }: { readonly verifyToken: Verify<Claims, Options>; readonly lenient: Options },
  exchange: Exchange,
  gate: ExchangeGate,
  { elapsed, random }: Pick<Environment, 'elapsed' | 'random'>,
  report: Report,
): Verify<Claims, Options> {
  const known = createRecentlyUsed<ExchangedKey>(MAX_KEYS)
  const verdicts = createRecentlyUsed<Verdict>(MAX_KEYS)
  const underWay = new Map<string, Promise<ExchangedKey>>()
  const tellUnfit = reportUnfit(elapsed, report)

  function refuse(name: string): TokenError {
    known.delete(name)
    verdicts.set(name, { isRefused: true, untilMs: elapsed() + VERDICT_MS })
    return notValid()
  }

  /** What is kept in its place stays: it may be good. */
  function putOff(name: string, problem: string): TokenError {
    tellUnfit(problem)
    verdicts.set(name, { isRefused: false, untilMs: elapsed() + VERDICT_MS })
    return unavailable(VERDICT_MS)
  }

  /**
   * Not remembered: it is good elsewhere, and may be good here as soon as somebody has set the client up. Until then it is a stranger's:
   * as it costs a call each time, it must not pass by the bound on those.
   */
  function unfit(name: string, problem: string): TokenError {
    known.delete(name)
    tellUnfit(problem)
    return notValid()
  }

  async function exchangeNow(name: string, key: string, isKnown: boolean): Promise<ExchangedKey> {
    const askedAtMs = elapsed()
    const answer = await gate.pass(isKnown, () => exchange(key))
    if (answer.kind === 'refused') throw refuse(name)
    if (answer.kind === 'unfit') throw unfit(name, answer.problem)
    const { token, lifetimeMs } = answer
    const flaw = await flawOf(token)
    // It was good a moment ago, and the key with it.
    if (flaw?.code === 'revoked') throw refuse(name)
    if (flaw !== undefined) throw putOff(name, `Its access token is of no use here. ${flaw.message}`)
    const exchanged = { token, renewAtMs: askedAtMs + lifetimeMs * (RENEW_AT - JITTER * random()) }
    known.set(name, exchanged)
    return exchanged
  }

  /** Why a new token is to be refused. Whether it can be verified at the moment is another question. */
  async function flawOf(token: string): Promise<TokenError | undefined> {
    try {
      await verifyToken(token, lenient)
    } catch (error) {
      if (!(error instanceof TokenError)) throw error
      if (error.code !== 'unavailable') return error
    }
    return undefined
  }

  /** One at a time for a key: who comes later waits for the one under way. */
  async function exchanged(name: string, key: string, isKnown: boolean): Promise<ExchangedKey> {
    const verdict = verdicts.get(name)
    const verdictMs = verdict === undefined ? 0 : verdict.untilMs - elapsed()
    if (verdictMs > 0) throw verdict?.isRefused ? notValid() : unavailable(verdictMs)
    const begun = underWay.get(name) ?? exchangeNow(name, key, isKnown).finally(() => underWay.delete(name))
    underWay.set(name, begun)
    return begun
  }

  /** @returns undefined when the kept token has expired, was revoked, or its key has gone */
  async function claimsOf({ token }: ExchangedKey, options: Options | undefined): Promise<Claims | undefined> {
    try {
      return await verifyToken(token, options)
    } catch (error) {
      if (!(error instanceof TokenError) || error.code === 'unavailable') throw error
      return undefined
    }
  }

  return async (key, options) => {
    if (typeof key !== 'string' || !isApiKey(key)) throw malformed()
    const name = hashOf(key)
    const kept = known.get(name)
    if (kept === undefined) return verifyToken((await exchanged(name, key, false)).token, options)
    // Nobody waits for it, and when it fails the kept token goes on.
    if (elapsed() >= kept.renewAtMs) exchanged(name, key, true).catch(() => undefined)
    const claims = await claimsOf(kept, options)
    return claims ?? verifyToken((await exchanged(name, key, true)).token, options)
  }
}

const malformed = (): TokenError => new TokenError('invalid_api_key', 'The API key is malformed.')
const notValid = (): TokenError => new TokenError('invalid_api_key', 'The API key is not valid.')

/** Anybody with a key for another service can bring it about, again and again. */
function reportUnfit(elapsed: Environment['elapsed'], report: Report) {
  const saidAt = new Map<string, number>()
  return (problem: string): void => {
    if (elapsed() - (saidAt.get(problem) ?? Number.NEGATIVE_INFINITY) < SAY_AGAIN_MS) return
    saidAt.set(problem, elapsed())
    report({ type: 'api_key_not_exchanged', problem })
  }
}
