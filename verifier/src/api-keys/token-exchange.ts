/** The exchange of an API key for an access token (RFC 8693 §2), by a client that authenticates (RFC 6749 §2.3.1). */
import type { Environment } from '../environment.ts'
import { fetchLimited, messageOf, readBody } from '../issuer/limited-fetch.ts'
import type { MetadataSource } from '../issuer/metadata.ts'
import { type JsonObject, parseJsonObject } from '../jose/decoding.ts'
import type { ApiKeyClient } from './api-key-client.ts'

/** What the token service says to a key. Problems repeat nothing of the key, nor of what came. */
export type ExchangeAnswer =
  | { readonly kind: 'token'; readonly token: string; readonly lifetimeMs: number }
  /** The key is unknown, revoked or expired, or its owner may not have a token. */
  | { readonly kind: 'refused' }
  /** Not for this service, or not by this client: with another key it may be otherwise. */
  | { readonly kind: 'unfit'; readonly problem: string }
  /** With another key it would be the same. @param pauseMs how long to leave the token service alone */
  | { readonly kind: 'failed'; readonly problem: string; readonly pauseMs: number }

/** Never rejects. */
export type Exchange = (key: string) => Promise<ExchangeAnswer>

const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token'
const UNFIT_CODES: readonly unknown[] = ['invalid_target', 'invalid_scope', 'invalid_grant']

/** After an answer that may be another soon, unless it says when. */
const PAUSE_MS = 1_000
/** After one that stays the same until somebody changes how client or service are set up. */
const LONG_PAUSE_MS = 10_000
/** However long the token service would be left alone. */
const MAX_PAUSE_MS = 60_000

/** @param audience whom the tokens are for: a URI (RFC 8707 §2), or a name, which only an exchange can ask for (RFC 8693 §2.1) */
export function createTokenExchange(
  { clientId, clientSecret }: ApiKeyClient,
  audience: string,
  metadata: MetadataSource,
  { fetch, now }: Pick<Environment, 'fetch' | 'now'>,
): Exchange {
  const authorization = clientSecret === undefined ? {} : { authorization: basic(clientId, clientSecret) }
  /** After a failure the metadata is read again: the endpoint may have moved. */
  let hasFailed = false

  async function ask(key: string): Promise<ExchangeAnswer> {
    if (hasFailed) await metadata.refresh()
    const { tokenEndpoint } = await metadata.read()
    if (tokenEndpoint === undefined) return failed(`The metadata names no token_endpoint that is ${metadata.kind}.`)
    const response = await fetchLimited(fetch, tokenEndpoint, {
      method: 'POST',
      headers: { accept: 'application/json', ...authorization },
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        client_id: clientId,
        subject_token: key,
        subject_token_type: 'urn:signet:params:oauth:token-type:api-key',
        [audience.includes(':') ? 'resource' : 'audience']: audience,
      }),
    })
    return readAnswer(response, now())
  }

  return async key => {
    const answer = await ask(key).catch(error => failed(messageOf(error)))
    hasFailed = answer.kind === 'failed'
    return answer
  }
}

const failed = (problem: string, pauseMs = PAUSE_MS): ExchangeAnswer => ({ kind: 'failed', problem, pauseMs })

async function readAnswer(response: Response, nowMs: number): Promise<ExchangeAnswer> {
  const { status, headers } = response
  const body = readObject(await readBody(response))
  if (status === 200) return readToken(body)
  const error = body['error']
  if (status === 400 && error === 'invalid_request') return { kind: 'refused' }
  const problem = `It answers ${status}${isCode(error) ? ` ${error}` : ''}.`
  if (status === 400 && UNFIT_CODES.includes(error)) return { kind: 'unfit', problem }
  const pauseMs = readRetryAfter(headers.get('retry-after'), nowMs)
  return failed(problem, pauseMs ?? (status < 500 && status !== 429 ? LONG_PAUSE_MS : PAUSE_MS))
}

/** RFC 8693 §2.2.1. Without `expires_in`, which is only recommended there, it would be unknown when to come again. */
function readToken({ access_token, issued_token_type, token_type, expires_in }: JsonObject): ExchangeAnswer {
  if (
    typeof access_token === 'string' &&
    access_token !== '' &&
    issued_token_type === ACCESS_TOKEN_TYPE &&
    /^bearer$/i.test(String(token_type)) &&
    typeof expires_in === 'number' &&
    expires_in >= 0
  )
    return { kind: 'token', token: access_token, lifetimeMs: expires_in * 1000 }
  return failed('It answers 200 without an access token that can be used.')
}

/** An error of JSON.parse would repeat what came. */
function readObject(body: Uint8Array): JsonObject {
  try {
    return parseJsonObject(body)
  } catch {
    return {}
  }
}

/** A code of an RFC has no digits, and so nothing of a key or a token. */
const isCode = (error: unknown): error is string => typeof error === 'string' && /^[a-z_]{1,64}$/.test(error)

/** RFC 9110 §10.2.3: seconds, or a date. @returns milliseconds, at least a second; undefined when it says nothing */
function readRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 1_000), MAX_PAUSE_MS)
}

/** Both halves as a form has them: they may have a colon (RFC 6749 §2.3.1). */
function basic(clientId: string, clientSecret: string): string {
  const encoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1)
  return `Basic ${Buffer.from(`${encoded(clientId)}:${encoded(clientSecret)}`).toString('base64')}`
}
