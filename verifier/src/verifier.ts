/** Offline verification of access tokens (RFC 9068 §4), with their revocation by Token Status Lists. */
import type { AccessTokenClaims } from './access-token-claims.ts'
import { checkClaims, checkTimes } from './claims.ts'
import { type Environment, type Report, reportTo, systemEnvironment } from './environment.ts'
import { type Documents, type Health, healthOf } from './issuer/health.ts'
import { createKeys } from './issuer/issuer-keys.ts'
import { createStatusLists } from './issuer/known-status-lists.ts'
import { createMetadata } from './issuer/metadata.ts'
import { keepFresh } from './issuer/refresh-rounds.ts'
import { STATUS_LIST_TOKEN } from './issuer/status-list-token.ts'
import type { VerificationKey } from './jose/jwk-set.ts'
import { createJwsVerification, type VerifiedJws } from './jose/jws.ts'
import { type Mode, readOptions, type VerifierOptions } from './options.ts'
import { createRevocationCheck } from './revocation-check.ts'
import { createTokenCache } from './token-cache.ts'

export interface Verifier {
  readonly audience: readonly string[]
  /** Seconds. */
  readonly pollInterval: number
  /**
   * @param token the compact serialization, without `Bearer`
   * @param options `mode` takes the place of the verifier's own
   * @returns the claims, deeply frozen
   * @throws TokenError
   */
  readonly verify: (token: string, options?: { readonly mode?: Mode | undefined }) => Promise<AccessTokenClaims>
  /**
   * Resolves when keys and status lists have been loaded. As long as the token service can't be reached it waits.
   * @throws TokenError unavailable, when the verifier is closed before
   */
  readonly ready: () => Promise<void>
  readonly health: () => Health
  /** Stops the polling: nothing is fetched any more. Tokens are still verified, with what is known. */
  readonly close: () => void
}

const ACCESS_TOKEN = { type: 'at+jwt', maxLength: 16_384 }

interface VerifiedToken {
  readonly claims: AccessTokenClaims
  readonly key: VerificationKey
}

/**
 * Begins to fetch keys and status lists at once, and goes on in the background until `close`.
 * @param surroundings clock, timers, randomness and network, for tests with their own
 * @throws TypeError for options that make no sense
 */
export function createVerifier(options: VerifierOptions, surroundings: Environment = systemEnvironment): Verifier {
  const settings = readOptions(options)
  const { issuer, audience, algorithms, clockTolerance, pollInterval } = settings
  const { now } = surroundings
  let isClosed = false
  const fetchUntilClosed: Environment['fetch'] = async (input, init) => {
    if (isClosed) throw new Error('The verifier is closed.')
    return surroundings.fetch(input, init)
  }
  const environment = { ...surroundings, fetch: fetchUntilClosed }
  const tell = reportTo(settings.onEvent)
  // What is not fetched any more is no outage.
  const report: Report = event => {
    if (!isClosed) tell(event)
  }
  const metadata = createMetadata(issuer, environment, report)
  const keys = createKeys(metadata, algorithms, environment, report)
  const verifyAccessToken = createJwsVerification(keys, algorithms, ACCESS_TOKEN)
  const verifyStatusList = createJwsVerification(keys, algorithms, STATUS_LIST_TOKEN)
  const statusLists = createStatusLists(
    issuer,
    metadata,
    { verifyStatusList, now, clockTolerance },
    environment,
    report,
  )
  const checkRevocation = createRevocationCheck({ keys, maxStalenessMs: settings.maxStaleness * 1000, report })
  const cache = createTokenCache<VerifiedToken>(settings.cacheSize)

  /** A token whose key is gone or another one by now is not known any more. */
  function known(token: string): AccessTokenClaims | undefined {
    const verified = cache.get(token)
    return verified !== undefined && keys.find(verified.key.kid) === verified.key ? verified.claims : undefined
  }

  function admit(token: string, { payload, key }: VerifiedJws): AccessTokenClaims {
    const claims = checkClaims(payload, { issuer, audience, isListUri: statusLists.isListUri })
    cache.set(token, { claims, key })
    return claims
  }

  const documents = (): Documents => ({
    keys: keys.health(),
    aggregation: statusLists.aggregationHealth(),
    statusLists: statusLists.health(),
  })

  const freshness = keepFresh({ metadata, keys, statusLists, documents, pollInterval, environment })

  const verify: Verifier['verify'] = async (token, { mode = settings.mode } = {}) => {
    const claims = known(token) ?? admit(token, await verifyAccessToken(token))
    checkTimes(claims, now() / 1000, clockTolerance)
    const list = claims.status && statusLists.get(claims.status.status_list.uri, claims.exp)
    if (list?.firstLoad !== undefined) {
      await list.firstLoad
      // The key may have gone meanwhile, and the token may have expired.
      return verify(token, { mode })
    }
    checkRevocation(claims, list, mode)
    return claims
  }

  return {
    audience,
    pollInterval,
    verify,
    ready: () => freshness.ready,
    health: () => healthOf(documents(), settings.maxStaleness),
    close() {
      isClosed = true
      freshness.stop()
    },
  }
}
