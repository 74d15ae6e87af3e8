/** An issuer of a test's own that exchanges API keys, or does not. */
import type { IncomingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import { withChecksum } from './checksum.ts'
import type { startIssuer } from './issuer.ts'

/** A key of the right form: one for each number. */
export const apiKey = (number = 1): string =>
  withChecksum(`signet_key_${number.toString(16).padStart(32, '0')}_${'c0ffee'.repeat(11).slice(0, 64)}`)

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

export interface ExchangeCall {
  readonly form: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

export const ENDPOINT = '/oauth/token'
/** Seconds that its tokens live. */
export const LIFETIME = 300

type Issuer = Pick<Awaited<ReturnType<typeof startIssuer>>, 'port' | 'publish' | 'publishMetadata'>

/** By default it knows no key. */
export function exchangeAtIssuer(issuer: Issuer) {
  const calls: ExchangeCall[] = []
  const replies = new Map<string, () => Reply>()
  issuer.publishMetadata({ token_endpoint: `http://127.0.0.1:${issuer.port}${ENDPOINT}` })
  issuer.publish(ENDPOINT, async (request, response) => {
    const form = new URLSearchParams(await text(request))
    calls.push({ form, headers: request.headers })
    const reply = replies.get(form.get('subject_token') ?? '') ?? (() => refusal('invalid_request'))
    const { status = 200, headers, body } = reply()
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  return {
    /** Every question to the token endpoint so far. */
    calls,
    /** What it says to a key from now on. */
    reply: (key: string, reply: Reply | (() => Reply)) =>
      void replies.set(key, typeof reply === 'function' ? reply : () => reply),
  }
}

/** RFC 8693 §2.2.1. @param more members in place of these */
export const granted = (access_token: string, more: object): Reply => ({
  body: {
    ...{ access_token, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
    ...{ token_type: 'Bearer', expires_in: LIFETIME, ...more },
  },
})
