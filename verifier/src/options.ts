/** How a verifier is set up. */
import type { ApiKeyClient } from './api-keys/token-exchange.ts'
import type { VerifierEvent } from './environment.ts'
import { isSignatureAlgorithm, type SignatureAlgorithm } from './jose/algorithms.ts'
import { assertIdentifier } from './safe-url.ts'

/**
 * What to do while the token service can't be reached: `lenient` goes on with what is known, `strict` refuses with `unavailable`
 * once that is older than `maxStaleness`.
 */
export type Mode = 'lenient' | 'strict'

export interface VerifierOptions {
  /** The issuer's URL, exactly as it is in `iss`. Everything else is found by its metadata. */
  readonly issuer: string
  /** The name of this service in `aud`, or its names. */
  readonly audience: string | readonly string[]
  /** Default: RS256 only. */
  readonly algorithms?: readonly SignatureAlgorithm[]
  /** Seconds by which the clocks of the issuer and of this service may differ, below 300. Default: 30. */
  readonly clockTolerance?: number
  /** Seconds after which keys and status lists are fetched again, at the latest: from 0.1 to 3,600. Default: 5. */
  readonly pollInterval?: number
  /** Default: lenient. */
  readonly mode?: Mode
  /** Seconds, not less than `pollInterval`. Default: 60. */
  readonly maxStaleness?: number
  /** How many verified tokens are remembered. Default: 10,000; 0 remembers none. */
  readonly cacheSize?: number
  /** Hears of outages, of what is out of date or not used, and of what is to be set right: see `VerifierEvent`. */
  readonly onEvent?: (event: VerifierEvent) => void
}

export type VerifierSettings = Required<Omit<VerifierOptions, 'audience' | 'onEvent'>> &
  Pick<VerifierOptions, 'onEvent'> & { readonly audience: readonly string[] }

/** The issuer clears a revocation five minutes after the token has expired: who tolerates as much would take the token again. */
const MAX_CLOCK_TOLERANCE = 300
const MIN_POLL_INTERVAL = 0.1
const MAX_POLL_INTERVAL = 3600

/** @throws TypeError that says what is wrong */
export function readOptions(options: VerifierOptions): VerifierSettings {
  const settings = {
    algorithms: ['RS256'] as const,
    clockTolerance: 30,
    pollInterval: 5,
    mode: 'lenient' as const,
    maxStaleness: 60,
    cacheSize: 10_000,
    ...withoutUndefined(options),
    audience: [options.audience].flat(),
  }
  const { issuer, audience, algorithms, clockTolerance, pollInterval, mode, maxStaleness, cacheSize, onEvent } =
    settings
  // RFC 8414 §2
  assertIdentifier(issuer, 'issuer')
  const isName = (name: unknown) => typeof name === 'string' && name !== ''
  assert(audience.length > 0 && audience.every(isName), 'audience must be a non-empty string, or several.')
  assert(
    Array.isArray(algorithms) && algorithms.length > 0 && algorithms.every(isSignatureAlgorithm),
    'algorithms must be some of RS256, ES256 and EdDSA.',
  )
  assert(
    isSeconds(clockTolerance) && clockTolerance < MAX_CLOCK_TOLERANCE,
    `clockTolerance must be a number of seconds below ${MAX_CLOCK_TOLERANCE}.`,
  )
  assert(
    isSeconds(pollInterval) && pollInterval >= MIN_POLL_INTERVAL && pollInterval <= MAX_POLL_INTERVAL,
    `pollInterval must be a number of seconds from ${MIN_POLL_INTERVAL} to ${MAX_POLL_INTERVAL}.`,
  )
  assert(mode === 'lenient' || mode === 'strict', 'mode must be lenient or strict.')
  assert(
    isSeconds(maxStaleness) && maxStaleness >= pollInterval,
    'maxStaleness must be a number of seconds, not less than pollInterval.',
  )
  assert(Number.isSafeInteger(cacheSize) && cacheSize >= 0, 'cacheSize must be a number of tokens.')
  assert(onEvent === undefined || typeof onEvent === 'function', 'onEvent must be a function.')
  // A copy, as `audience` is: what is done to the options afterwards changes nothing.
  return { ...settings, algorithms: [...algorithms] }
}

/** RFC 6749 Appendix A.1, A.2. What is empty was meant to be something. @throws TypeError */
export function assertApiKeyClient(client: ApiKeyClient): void {
  const isCredential = (value: unknown) => typeof value === 'string' && /^[\x20-\x7e]+$/.test(value)
  assert(typeof client === 'object' && client !== null, 'apiKeys must be an object with a clientId.')
  assert(isCredential(client.clientId), 'apiKeys.clientId must be a non-empty string of printable ASCII.')
  assert(
    client.clientSecret === undefined || isCredential(client.clientSecret),
    'apiKeys.clientSecret must be a non-empty string of printable ASCII.',
  )
}

/** An option that is undefined counts as absent. */
const withoutUndefined = (options: VerifierOptions): VerifierOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as unknown as VerifierOptions

const isSeconds = (value: number): boolean => Number.isFinite(value) && value >= 0

function assert(condition: boolean, message: string): void {
  if (!condition) throw new TypeError(message)
}
