/** How a request brings its access token (RFC 6750 §2). The Authorization header (§2.1) is the one way that is supported. */

/** What a request says about its token, whatever framework it came through. */
export interface BearerRequest {
  /** The value of each Authorization line. */
  readonly authorization: readonly string[]
  /** Whether the query has the parameter access_token (§2.3). */
  readonly hasTokenInQuery: boolean
  /** Whether a form body has it (§2.2). */
  readonly hasTokenInForm: boolean
  /** The path of the request, without the query. */
  readonly path: string
}

export type BearerFault = 'missing' | 'severalHeaders' | 'inQuery' | 'twoWays'

/** What follows the scheme is handed on as it is: whether that is a token is for `verify` to say. */
export function findToken(request: BearerRequest): { readonly token: string } | { readonly fault: BearerFault } {
  const { authorization, hasTokenInQuery, hasTokenInForm } = request
  const [credentials = ''] = authorization
  if (authorization.length > 1) return { fault: 'severalHeaders' }
  if (hasTokenInQuery) return { fault: 'inQuery' }
  if (!/^bearer(?: |$)/i.test(credentials)) return { fault: 'missing' }
  if (hasTokenInForm) return { fault: 'twoWays' }
  return { token: credentials.replace(/^bearer */i, '') }
}
