/** Offline verification of access tokens (RFC 9068 §4), with their revocation by Token Status Lists. */
import { type AccessTokenClaims, checkClaims, checkTimes, createRevocationCheck } from './claims.ts'
import { type Environment, systemEnvironment, untilClosed } from './environment.ts'
import { followIssuer, type Health } from './issuer/issuer.ts'
import type { VerificationKey } from './jose/jwk-set.ts'
import { createJwsVerification, type VerifiedJws } from './jose/jws.ts'
import { type Mode, readOptions, type VerifierOptions } from './options.ts'

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
  const { audience, algorithms, clockTolerance, pollInterval } = settings
  const { environment, report, close } = untilClosed(surroundings, settings.onEvent)
  const issuer = followIssuer(settings, environment, report)
  const { keys, statusLists } = issuer
  const verifyAccessToken = createJwsVerification(keys, algorithms, ACCESS_TOKEN)
  const checkRevocation = createRevocationCheck({ keys, maxStalenessMs: settings.maxStaleness * 1000, report })
  const cache = createTokenCache<VerifiedToken>(settings.cacheSize)

  /** A token whose key is gone or another one by now is not known any more. */
  function known(token: string): AccessTokenClaims | undefined {
    const verified = cache.get(token)
    return verified !== undefined && keys.find(verified.key.kid) === verified.key ? verified.claims : undefined
  }

  function admit(token: string, { payload, key }: VerifiedJws): AccessTokenClaims {
    const claims = checkClaims(payload, { issuer: settings.issuer, audience, isListUri: statusLists.isListUri })
    cache.set(token, { claims, key })
    return claims
  }

  const verify: Verifier['verify'] = async (token, { mode = settings.mode } = {}) => {
    const claims = known(token) ?? admit(token, await verifyAccessToken(token))
    checkTimes(claims, environment.now() / 1000, clockTolerance)
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
    ready: () => issuer.ready,
    health: issuer.health,
    close() {
      close()
      issuer.stop()
    },
  }
}

/** What is known of tokens that were verified before, by the whole token. Bounded: what was not asked for the longest goes first. */
interface TokenCache<Value> {
  readonly get: (token: string) => Value | undefined
  readonly set: (token: string, value: Value) => void
}

/**
 * Two generations: a full one becomes the old one, and what nobody asked for until the next is full is gone with it. That costs a
 * hit nothing, where a list in order of use would have to be put in order by each.
 * @param size tokens; 0 keeps none
 */
function createTokenCache<Value>(size: number): TokenCache<Value> {
  let young = new Map<string, Value>()
  let old = new Map<string, Value>()

  function set(token: string, value: Value): void {
    if (size === 0) return
    if (young.size >= size / 2) {
      old = young
      young = new Map()
    }
    young.set(token, value)
  }

  return {
    get(token) {
      const found = young.get(token)
      if (found !== undefined) return found
      const survivor = old.get(token)
      if (survivor !== undefined) set(token, survivor)
      return survivor
    },
    set,
  }
}
