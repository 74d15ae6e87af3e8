/** What a caller is told who does not get in (RFC 6750 §3). No text repeats anything of the request. */
import type { BearerFault } from './bearer-request.ts'
import type { Requirement } from './route-requirements.ts'

export interface Refusal {
  readonly status: number
  readonly error: string
  readonly description: string
  readonly headers: Readonly<Record<string, string>>
}

export type Refusals = ReturnType<typeof createRefusals>

const MALFORMED: Readonly<Record<Exclude<BearerFault, 'missing'>, string>> = {
  severalHeaders: 'The Authorization header is sent more than once.',
  inQuery: 'An access token belongs in the Authorization header, not in the query.',
  twoWays: 'The access token is sent in the Authorization header and in the form.',
  severalKeys: 'The X-API-Key header is sent more than once.',
  keyAndToken: 'The X-API-Key header is sent beside other credentials.',
}

const NEEDED = 'This needs an access token in the Authorization header'

/** A quoted-string (RFC 9110 §5.6.4), without what is no printable ASCII: not every recipient takes that in a header. */
const quoted = (text: string): string => `"${text.replace(/[^\x20-\x7e]/gu, '').replace(/["\\]/g, '\\$&')}"`

/** error_description may have fewer characters than JSON has (§3): a role may be named with quotes, for one. */
const describable = (text: string): string => text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/gu, '?')

export interface Resource {
  /** The audience of the service. */
  readonly realm: string
  /** Whether an API key would do in place of a token. */
  readonly takesApiKeys: boolean
  /** Where its metadata lies (RFC 9728 §5.1); undefined when it has none. */
  readonly metadataUrl: string | undefined
}

export function createRefusals({ realm, takesApiKeys, metadataUrl }: Resource) {
  const last = metadataUrl === undefined ? {} : { resource_metadata: metadataUrl }

  function challenge(more: Readonly<Record<string, string>>): Refusal['headers'] {
    const parameters = Object.entries({ realm, ...more, ...last }).map(([name, value]) => `${name}=${quoted(value)}`)
    return { 'WWW-Authenticate': `Bearer ${parameters.join(', ')}` }
  }

  function withError(status: number, error: string, description: string, more: Readonly<Record<string, string>> = {}) {
    const headers = challenge({ error, error_description: describable(description), ...more })
    return { status, error, description, headers } satisfies Refusal
  }

  return {
    /** No error code: somebody who came without a token has made no mistake (§3.1). */
    missingToken: ({ permission }: Requirement): Refusal => ({
      status: 401,
      error: 'missing_token',
      description: takesApiKeys ? `${NEEDED}, or an API key in X-API-Key.` : `${NEEDED}.`,
      headers: challenge(permission === undefined ? {} : { scope: permission }),
    }),

    invalidRequest: (fault: Exclude<BearerFault, 'missing'>): Refusal =>
      withError(400, 'invalid_request', MALFORMED[fault]),

    invalidToken: (description: string): Refusal => withError(401, 'invalid_token', description),

    missingRole: (role: string): Refusal => withError(403, 'insufficient_scope', `The role ${role} is missing.`),

    missingPermission: (permission: string): Refusal =>
      withError(403, 'insufficient_scope', `The permission ${permission} is missing.`, { scope: permission }),

    /** No challenge: another token would not help. @param afterSeconds when to come again */
    unavailable: (description: string, afterSeconds: number): Refusal => ({
      status: 503,
      error: 'temporarily_unavailable',
      description,
      headers: { 'Retry-After': String(Math.max(1, Math.ceil(afterSeconds))) },
    }),
  }
}
