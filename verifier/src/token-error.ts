/** Why a token or an API key is refused. The codes are part of the public interface; README.md lists them. */
export type TokenErrorCode =
  | 'malformed'
  | 'unsupported'
  | 'unknown_key'
  | 'bad_signature'
  | 'wrong_type'
  | 'wrong_issuer'
  | 'wrong_audience'
  | 'expired'
  | 'not_yet_valid'
  | 'invalid_claim'
  | 'revoked'
  | 'invalid_api_key'
  | 'unavailable'

/** A token or an API key that is refused. The message is for developers and repeats nothing of either. */
export class TokenError extends Error {
  override readonly name = 'TokenError'
  readonly code: TokenErrorCode
  /** Seconds after which it may be otherwise, where that is known. */
  readonly retryAfter: number | undefined

  constructor(code: TokenErrorCode, message: string, retryAfter?: number) {
    super(message)
    this.code = code
    this.retryAfter = retryAfter
  }
}
