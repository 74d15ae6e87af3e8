/** How a verifier is set up. */
import type { VerifierEvent } from './environment.ts'
import { isSignatureAlgorithm } from './jose/algorithms.ts'
import type { SignatureAlgorithm } from './jose/signature-algorithm.ts'
import { assertKnownNames, withoutUndefined } from './known-names.ts'
import { assertIdentifier, isPlain, isSafe, parseUrl } from './safe-url.ts'

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
  /**
   * Where the issuer is reached from here, when its own URL leads nowhere: documents are fetched there in its place, and the names in
   * them and in tokens stay the issuer's. Without a path it has the issuer's.
   */
  readonly discovery?: string
  /** Lets `discovery` be plain http on hosts other than loopback: whoever answers there is the issuer. Default: false. */
  readonly insecureDiscovery?: boolean
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

export type VerifierSettings = Required<
  Omit<VerifierOptions, 'audience' | 'discovery' | 'insecureDiscovery' | 'onEvent'>
> &
  Pick<VerifierOptions, 'onEvent'> & {
    readonly audience: readonly string[]
    readonly discovery: string | undefined
    /** Whether who answers there is not known. */
    readonly isDiscoveryInsecure: boolean
  }

export const VERIFIER_OPTIONS = Object.keys({
  issuer: 0,
  audience: 0,
  discovery: 0,
  insecureDiscovery: 0,
  algorithms: 0,
  clockTolerance: 0,
  pollInterval: 0,
  mode: 0,
  maxStaleness: 0,
  cacheSize: 0,
  onEvent: 0,
} satisfies Record<keyof VerifierOptions, 0>)

/** The issuer clears a revocation five minutes after the token has expired: who tolerates as much would take the token again. */
const MAX_CLOCK_TOLERANCE = 300
const MIN_POLL_INTERVAL = 0.1
const MAX_POLL_INTERVAL = 3600

/** @throws TypeError that says what is wrong */
export function readOptions(options: VerifierOptions): VerifierSettings {
  assert(typeof options === 'object' && options !== null, 'The options of a verifier are an object.')
  assertKnownNames(options, VERIFIER_OPTIONS, 'a verifier')
  const { discovery, insecureDiscovery, ...settings } = {
    algorithms: ['RS256'] as const,
    clockTolerance: 30,
    pollInterval: 5,
    mode: 'lenient' as const,
    maxStaleness: 60,
    cacheSize: 10_000,
    discovery: undefined,
    insecureDiscovery: false,
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
  return { ...settings, algorithms: [...algorithms], ...readDiscovery(issuer, discovery, insecureDiscovery) }
}

/** @throws TypeError */
function readDiscovery(
  issuer: string,
  discovery: unknown,
  mayBeInsecure: unknown,
): Pick<VerifierSettings, 'discovery' | 'isDiscoveryInsecure'> {
  assert(typeof mayBeInsecure === 'boolean', 'insecureDiscovery must be true or false.')
  if (discovery === undefined) return { discovery, isDiscoveryInsecure: false }
  const url = typeof discovery === 'string' ? parseUrl(discovery) : undefined
  if (url === undefined || !isPlain(url)) throw new TypeError('discovery must be a URL without a query or fragment.')
  assert(
    !url.pathname.includes('/.well-known/'),
    'discovery is the URL that stands for the issuer, without /.well-known/ and what follows.',
  )
  assert(
    isSafe(url) || mayBeInsecure === true,
    'discovery must be an https URL; plain http to hosts other than loopback needs insecureDiscovery: true, because whoever answers there is the issuer.',
  )
  if (url.pathname === '/') url.pathname = new URL(issuer).pathname
  return { discovery: url.href, isDiscoveryInsecure: !isSafe(url) }
}

const isSeconds = (value: number): boolean => Number.isFinite(value) && value >= 0

function assert(condition: boolean, message: string): void {
  if (!condition) throw new TypeError(message)
}
