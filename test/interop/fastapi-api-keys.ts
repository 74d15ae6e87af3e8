/** API keys for the FastAPI example, and an issuer of the test's own that exchanges them. */
import { text } from 'node:stream/consumers'
import { crc32 } from 'node:zlib'
import type { Test } from 'tap'
import { startIssuer } from '../support/issuer.ts'
import { type FastApiOptions, startFastApi } from './fastapi-service.ts'

/** In which the example takes keys, as a public client. */
export const takesKeys = { API_KEY_CLIENT_ID: 'gateway' }

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

export const refusal = (error: string, status = 400, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  headers,
  body: { error, error_description: 'No.' },
})

const ENDPOINT = '/oauth/token'
const LIFETIME = 300

/** By default the issuer knows no key, and the example takes them as a public client. Its time stands still until it is moved. */
export async function withExchanges(t: Test, { app, environment = takesKeys }: Omit<FastApiOptions, 'issuer'> = {}) {
  const startedAt = Math.floor(Date.now() / 1000)
  const issuer = await startIssuer(t)
  const calls: { readonly form: URLSearchParams; readonly authorization: string | undefined }[] = []
  const replies = new Map<string, () => Reply>()
  let tokens = 0
  let ahead = 0

  issuer.publishMetadata({ token_endpoint: `http://127.0.0.1:${issuer.port}${ENDPOINT}` })
  issuer.publish(ENDPOINT, async (request, response) => {
    const form = new URLSearchParams(await text(request))
    calls.push({ form, authorization: request.headers.authorization })
    const reply = replies.get(form.get('subject_token') ?? '') ?? (() => refusal('invalid_request'))
    const { status = 200, headers, body } = reply()
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  const resource = await startFastApi(t, {
    issuer: issuer.issuer,
    ...(app && { app }),
    environment: { CLOCKS_STAND: 'yes', ...environment },
  })

  /** The answer with a new token: its jti is `token-1`, then `token-2`, and so on. */
  function grant(claims: object = {}, more: object = {}): Reply {
    tokens += 1
    const iat = startedAt + ahead
    const access_token = issuer.token({ iat, exp: iat + LIFETIME, jti: `token-${tokens}`, ...claims })
    const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token'
    return { body: { access_token, issued_token_type, token_type: 'Bearer', expires_in: LIFETIME, ...more } }
  }

  return {
    issuer,
    resource,
    /** Every question to the token endpoint so far. */
    calls,
    grant,
    hold: () => issuer.holdAt(ENDPOINT),
    /** What the issuer says to a key from now on. */
    reply: (key: string, reply: Reply | (() => Reply)) =>
      void replies.set(key, typeof reply === 'function' ? reply : () => reply),
    /** Lets time pass for both. */
    advance(seconds: number) {
      ahead += seconds
      resource.advance(seconds)
    },
    /** Which token a key is good for; else the status, what is said, and when to come again. */
    async outcomeOf(key: string): Promise<unknown> {
      const { status, body, headers } = await resource.withKey(key)
      if (status === 200) return body.jti
      return [status, body.error_description, ...(headers.get('retry-after') ?? '').split(' ').filter(Boolean)]
    },
  }
}
