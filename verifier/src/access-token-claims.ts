/** The claims of a JWT access token (RFC 9068 §2.2), as `verify` returns them: checked and deeply frozen. */
export interface AccessTokenClaims {
  readonly iss: string
  /** Whom the token speaks for: a user, or the client itself. */
  readonly sub: string
  readonly aud: string | readonly string[]
  readonly client_id: string
  readonly jti: string
  /** Seconds since the epoch, as are all times here. */
  readonly iat: number
  readonly exp: number
  readonly nbf?: number
  /** The permissions of the token, separated by spaces. */
  readonly scope?: string
  /** Absent for clients, which have none. */
  readonly roles?: readonly string[]
  /** The session that the token belongs to. */
  readonly sid?: string
  readonly auth_time?: number
  /** Where it stands whether the token was revoked (Token Status List, §6.2). */
  readonly status?: { readonly status_list: StatusReference }
  readonly [claim: string]: unknown
}

export interface StatusReference {
  readonly idx: number
  readonly uri: string
}
