/** Offline verification of access tokens (RFC 9068 §4), with their revocation by Token Status Lists. */

import type { AccessTokenClaims } from './access-token-claims.ts'
import { type ApiKeyClient, assertApiKeyClient } from './api-keys/api-key-client.ts'
import { createExchangeGate } from './api-keys/exchange-gate.ts'
import { createApiKeyVerification } from './api-keys/exchanged-keys.ts'
import { createTokenExchange } from './api-keys/token-exchange.ts'
import { checkClaims, checkTimes, createRevocationCheck } from './claims.ts'
import { type Environment, readEnvironment, untilClosed } from './environment.ts'
import type { Health } from './issuer/health.ts'
import { followIssuer } from './issuer/issuer.ts'
import type { VerificationKey } from './jose/jwk-set.ts'
import { createJwsVerification, type VerifiedJws } from './jose/jws.ts'
import { assertKnownNames } from './known-names.ts'
import { type Mode, readOptions, type VerifierOptions } from './options.ts'
import { createRecentlyUsed } from './recently-used.ts'
import { createOutageWarning, eventsToWarnings, warnOfInsecureDiscovery } from './warnings.ts'

export interface VerifyOptions {
  readonly mode?: Mode | undefined
}

export interface Verifier {
  readonly issuer: string
  readonly audience: readonly string[]
  /** Seconds. */
  readonly pollInterval: number
  /**
   * @param token the compact serialization, without `Bearer`
   * @param options `mode` takes the place of the verifier's own
   * @returns the claims, deeply frozen
   * @throws TokenError
   */
  readonly verify: (token: string, options?: VerifyOptions) => Promise<AccessTokenClaims>
  /**
   * Verifies API keys, too: each is exchanged for an access token (RFC 8693), which is remembered. What it answers remembers for itself.
   * @param client as which to exchange them
   * @throws TypeError when it is no client
   */
  readonly apiKeys: (client: ApiKeyClient) => ApiKeyVerifier
  /**
   * Resolves when keys and status lists have been loaded.
   * @throws TokenError unavailable, with the reason, when the try under way fails. The next call waits for the next try.
   */
  readonly ready: () => Promise<void>
  readonly health: () => Health
  /** Stops the polling: nothing is fetched any more. Tokens are still verified, with what is known. */
  readonly close: () => void
}

export interface ApiKeyVerifier {
  /**
   * @param key the whole key
   * @param options `mode` takes the place of the verifier's own
   * @returns the claims of the access token that the key was exchanged for, deeply frozen
   * @throws TokenError
   */
  readonly verify: (key: string, options?: VerifyOptions) => Promise<AccessTokenClaims>
}

const ACCESS_TOKEN = { type: 'at+jwt', maxLength: 16_384 }

interface VerifiedToken {
  readonly claims: AccessTokenClaims
  readonly key: VerificationKey
}

/**
 * Begins to fetch keys and status lists at once, and goes on in the background until `close`.
 * @param surroundings clock, timers, randomness and network: those that are not the system's
 * @throws TypeError for options that make no sense
 */
export function createVerifier(options: VerifierOptions, surroundings: Partial<Environment> = {}): Verifier {
  const settings = readOptions(options)
  const { issuer, discovery, onEvent } = settings
  const { audience, algorithms, clockTolerance, pollInterval } = settings
  const { environment, report, close } = untilClosed(readEnvironment(surroundings), onEvent ?? eventsToWarnings)
  const watch = onEvent === undefined ? createOutageWarning(issuer) : () => undefined
  const followed = followIssuer(settings, environment, report, watch)
  const { keys, statusLists } = followed
  const verifyAccessToken = createJwsVerification(keys, algorithms, ACCESS_TOKEN)
  const checkRevocation = createRevocationCheck({ keys, maxStalenessMs: settings.maxStaleness * 1000, report })
  const cache = createRecentlyUsed<VerifiedToken>(settings.cacheSize)

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

  const verify: Verifier['verify'] = async (token, options = {}) => {
    assertKnownNames(options, ['mode'], 'verify')
    const { mode = settings.mode } = options
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

  if (discovery !== undefined && settings.isDiscoveryInsecure) {
    warnOfInsecureDiscovery(discovery)
    // A listener may want what the caller has only after this.
    queueMicrotask(() => report({ type: 'insecure_discovery', uri: discovery }))
  }

  return {
    issuer,
    audience,
    pollInterval,
    verify,
    apiKeys(client) {
      assertApiKeyClient(client)
      const exchange = createTokenExchange(client, audience[0] ?? '', followed.metadata, environment)
      const gate = createExchangeGate(() => followed.metadata.value()?.tokenEndpoint, environment, report)
      const tokens = { verifyToken: verify, lenient: { mode: 'lenient' } satisfies VerifyOptions }
      return {
        verify: createApiKeyVerification<AccessTokenClaims, VerifyOptions>(tokens, exchange, gate, environment, report),
      }
    },
    ready: followed.ready,
    health: followed.health,
    close() {
      close()
      followed.stop()
    },
  }
}
