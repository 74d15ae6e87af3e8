/** API keys, and an issuer that exchanges them in the time of a verifier. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type ApiKeyClient, TokenError, type VerifierEvent, type VerifierOptions } from '@signet/verifier'
import type { Test } from 'tap'
import { exchangeAtIssuer, granted, LIFETIME, type Reply } from './exchanging-issuer.ts'
import type { Json } from './issuer.ts'
import { api } from './serve.ts'
import { simulated } from './simulated-verifier.ts'
import type { EnvironmentOptions } from './verifier-environment.ts'

/** What became of a key: `accepted`, or what its error says. */
export interface KeyOutcome {
  readonly code: string
  readonly message?: string
  readonly retryAfter?: number | undefined
}

/** By default an issuer knows no key, and has one list in which nothing is revoked. */
export async function exchanging(
  t: Test,
  {
    client = { clientId: 'posts-api' },
    givesUp,
    ...options
  }: Partial<VerifierOptions> & { readonly client?: ApiKeyClient } & Pick<EnvironmentOptions, 'givesUp'> = {},
) {
  /** It is drawn from when an exchange is over, and when a poll is. */
  let drawn = Promise.withResolvers<void>()
  const random = () => {
    drawn.resolve()
    drawn = Promise.withResolvers()
    return 0
  }
  const scene = await simulated(t, { random, ...(givesUp && { givesUp }) })
  const { environment, issuer } = scene
  const { calls, reply } = exchangeAtIssuer(issuer)
  let tokens = 0

  scene.publishBits('1', 0)

  /** The answer with a new token: its jti is `token-1`, then `token-2`, and so on. Its entry of the list is `idx`. */
  function grant({ idx = 0, ...claims }: Json & { readonly idx?: number } = {}, more: Json = {}): Reply {
    tokens += 1
    const exp = Math.floor(environment.now() / 1000) + LIFETIME
    const claimed = { aud: api, exp, jti: `token-${tokens}`, api_key_id: 'key_1', ...claims }
    return granted(scene.tokenOf('1', idx, claimed), more)
  }

  const events: VerifierEvent[] = []
  let told = Promise.withResolvers<void>()
  const onEvent = (event: VerifierEvent) => {
    events.push(event)
    told.resolve()
    told = Promise.withResolvers()
  }
  const started = scene.start({ onEvent, ...options })
  await started.verifier.ready()
  await environment.idle()
  const keys = started.verifier.apiKeys(client)

  return {
    ...scene,
    ...started,
    events,
    /** Resolves when the next event is told. */
    told: () => told.promise,
    keys,
    calls,
    reply,
    grant,
    /** Which token a key is good for. */
    tokenIdOf: async (key: string): Promise<string> => (await keys.verify(key)).jti,
    outcomeOf: (...of: Parameters<typeof keys.verify>): Promise<KeyOutcome> =>
      keys.verify(...of).then(
        () => ({ code: 'accepted' }),
        error => {
          if (!(error instanceof TokenError)) throw error
          const { code, message, retryAfter } = error
          return { code, message, retryAfter }
        },
      ),
    /** Whether nothing is sent for this, nor begun in the background. */
    async costsNoCall(work: () => Promise<unknown>): Promise<boolean> {
      const before = environment.sent()
      await work()
      await nextTurn()
      return environment.sent() === before
    },
    /** Resolves when the next exchange that succeeds is over, if the time stands still. */
    exchanged: () => drawn.promise,
  }
}
