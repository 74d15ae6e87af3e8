/** What a caller is told who does not get in (RFC 6750 §3). No text repeats anything of the request. */
import type { BearerFault } from './bearer-request.ts'
import type { Requirement } from './route-requirements.ts'

export interface Refusal {
  readonly status: number
  readonly error: string
  readonly description: string
  readonly headers: Readonly<Record<string, string>>
}

const MALFORMED: Readonly<Record<Exclude<BearerFault, 'missing'>, string>> = {
  severalHeaders: 'The Authorization header is sent more than once.',
  inQuery: 'An access token belongs in the Authorization header, not in the query.',
  twoWays: 'The access token is sent in the Authorization header and in the form.',
}

/** A quoted-string (RFC 9110 §5.6.4), without what is no printable ASCII: not every recipient takes that in a header. */
const quoted = (text: string): string => `"${text.replace(/[^\x20-\x7e]/gu, '').replace(/["\\]/g, '\\$&')}"`

/** error_description may have fewer characters than JSON has (§3): a role may be named with quotes, for one. */
const describable = (text: string): string => text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/gu, '?')

const challenge = (parameters: Readonly<Record<string, string>>): string =>
  `Bearer ${Object.entries(parameters)
    .map(([name, value]) => `${name}=${quoted(value)}`)
    .join(', ')}`

/** @param realm the audience of the service */
export function createRefusals(realm: string) {
  function withError(status: number, error: string, description: string, more: Readonly<Record<string, string>> = {}) {
    const parameters = { realm, error, error_description: describable(description), ...more }
    return { status, error, description, headers: { 'WWW-Authenticate': challenge(parameters) } } satisfies Refusal
  }

  return {
    /** No error code: somebody who came without a token has made no mistake (§3.1). */
    missingToken: ({ permission }: Requirement): Refusal => ({
      status: 401,
      error: 'missing_token',
      description: 'This needs an access token in the Authorization header.',
      headers: { 'WWW-Authenticate': challenge({ realm, ...(permission !== undefined && { scope: permission }) }) },
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
