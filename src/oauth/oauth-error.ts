/** The errors of RFC 6749 §5.2, RFC 8707 §2 and the few that no RFC names. They become a response in one place, http/error-handler.ts. */

const statusOf = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  invalid_scope: 400,
  invalid_target: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  origin_not_allowed: 403,
} as const

export type OAuthErrorCode = keyof typeof statusOf

export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly code: OAuthErrorCode
  /** HTTP status code. */
  readonly status: number
  /** Whether whoever throws it has told the audit why, or it needs no event. */
  readonly isAudited: boolean

  /** @param description helps the developer who reads it; never echoes input, never says which half of a credential was wrong */
  constructor(code: OAuthErrorCode, description: string, isAudited = false) {
    super(description)
    this.code = code
    this.status = statusOf[code]
    this.isAudited = isAudited
  }
}

export const invalidRequest = (description: string): OAuthError => new OAuthError('invalid_request', description)

/** An error of which whoever throws it has told the audit why, or that needs no event. */
export const audited = (code: OAuthErrorCode, description: string): OAuthError =>
  new OAuthError(code, description, true)

/** One text for every way in which a client can fail to prove itself (RFC 6749 §5.2). */
export const invalidClient = (): OAuthError =>
  audited('invalid_client', 'The client is unknown, or its authentication is missing or wrong.')

/** Nothing happened, and the same request can succeed in a moment: 503 with Retry-After, which is no error of RFC 6749 §5.2. */
export class TemporarilyUnavailable extends Error {
  override readonly name = 'TemporarilyUnavailable'
  readonly retryAfterSeconds: number

  constructor(message: string, retryAfterSeconds = 1) {
    super(message)
    this.retryAfterSeconds = retryAfterSeconds
  }
}
