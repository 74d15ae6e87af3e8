/** API keys, and an issuer that exchanges them in the time of a verifier. */
import type { IncomingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { type ApiKeyClient, TokenError, type VerifierEvent, type VerifierOptions } from '@signet/verifier'
import type { Test } from 'tap'
import type { Json } from './issuer.ts'
import { api } from './serve.ts'
import { simulated } from './simulated-verifier.ts'

/** A key of the right form: one for each number. */
export function apiKey(number = 1): string {
  const body = `signet_key_${number.toString(16).padStart(32, '0')}_${'c0ffee'.repeat(11).slice(0, 64)}`
  return `${body}${crc32(body).toString(16).padStart(8, '0')}`
}

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is when it is a string. */
  readonly body: unknown
}

export const refusal = (error: string, status = 400): Reply => ({ status, body: { error, error_description: 'No.' } })

export interface ExchangeCall {
  readonly form: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

export const ENDPOINT = '/oauth/token'
const EXPIRES_IN = 300

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
    ...options
  }: Partial<VerifierOptions> & { readonly client?: ApiKeyClient } = {},
) {
  /** It is drawn from when an exchange is over, and when a poll is. */
  let drawn = Promise.withResolvers<void>()
  const random = () => {
    drawn.resolve()
    drawn = Promise.withResolvers()
    return 0
  }
  const scene = await simulated(t, { random })
  const { environment, issuer } = scene
  const calls: ExchangeCall[] = []
  const replies = new Map<string, () => Reply>()
  let tokens = 0

  issuer.publishMetadata({ token_endpoint: `http://127.0.0.1:${issuer.port}${ENDPOINT}` })
  scene.publishBits('1', 0)
  issuer.publish(ENDPOINT, async (request, response) => {
    const form = new URLSearchParams(await text(request))
    calls.push({ form, headers: request.headers })
    const reply = replies.get(form.get('subject_token') ?? '') ?? (() => refusal('invalid_request'))
    const { status = 200, headers, body } = reply()
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
  })

  /** The answer with a new token: its jti is `token-1`, then `token-2`, and so on. Its entry of the list is `idx`. */
  function grant({ idx = 0, ...claims }: Json & { readonly idx?: number } = {}, more: Json = {}): Reply {
    tokens += 1
    const exp = Math.floor(environment.now() / 1000) + EXPIRES_IN
    const token = scene.tokenOf('1', idx, { aud: api, exp, jti: `token-${tokens}`, api_key_id: 'key_1', ...claims })
    const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token'
    const body = { access_token: token, issued_token_type, token_type: 'Bearer', expires_in: EXPIRES_IN, ...more }
    return { body }
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
    /** Every question to the token endpoint so far. */
    calls,
    grant,
    /** What the issuer says to a key from now on. */
    reply: (key: string, reply: (() => Reply) | Reply) =>
      void replies.set(key, typeof reply === 'function' ? reply : () => reply),
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
