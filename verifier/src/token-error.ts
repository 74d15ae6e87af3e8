/** Why a token is refused. The codes are part of the public interface; README.md lists them. */
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
  | 'unavailable'

/** A token that is refused. The message is for developers and repeats nothing of the token. */
export class TokenError extends Error {
  override readonly name = 'TokenError'
  readonly code: TokenErrorCode

  constructor(code: TokenErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
