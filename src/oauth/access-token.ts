/**
 * JWT access tokens (RFC 9068), with a reference to their status (draft-ietf-oauth-status-list §6.2), and how a JWT is signed: JWS in
 * compact form (RFC 7515 §3.1, §7.1), RS256 only.
 */
import { toSeconds } from '../clock.ts'
import { type Randomness, randomId } from '../randomness.ts'
import type { Signer } from '../records/signing-key.ts'
import type { StatusReference } from '../records/status-list.ts'
import { statusListUri } from './status-list/encoding.ts'

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/**
 * Signs claims by one signer after the other under a `typ`. The header is made once a key: it is the same for every token.
 * @param typ the media type without `application/` (RFC 7515 §4.1.9)
 */
export function createJwsSigner(typ: string): (signer: Signer, claims: object) => Promise<string> {
  let header = { kid: '', encoded: '' }
  return async (signer, claims) => {
    const { kid } = signer
    if (header.kid !== kid) header = { kid, encoded: encode({ alg: 'RS256', typ, kid }) }
    const signingInput = `${header.encoded}.${encode(claims)}`
    const signature = await signer.sign(Buffer.from(signingInput))
    return `${signingInput}.${signature.toString('base64url')}`
  }
}

/** `typ` of RFC 9068 §2.1. */
export const ACCESS_TOKEN_TYPE = 'at+jwt'

/** What a user's token comes from. */
interface SignIn {
  readonly sid: string
  /** Seconds since the epoch. */
  readonly auth_time: number
}

/** What a token was exchanged for. */
interface ApiKeyUse {
  readonly api_key_id: string
}

export interface AccessTokenContent {
  readonly subject: string
  readonly audience: string
  readonly clientId: string
  /** Separated by spaces; undefined: none. */
  readonly scope: string | undefined
  /** Undefined for clients, which have none. */
  readonly roles: readonly string[] | undefined
  readonly status: StatusReference
  /** Undefined for a client that speaks for itself. */
  readonly askedBy: SignIn | ApiKeyUse | undefined
  readonly issuedAtMs: number
  /** Seconds. */
  readonly lifetime: number
}

export function createAccessTokens(dependencies: {
  readonly issuer: string
  /** The signer of the key that is active now. */
  readonly activeSigner: () => Signer
  readonly randomness: Randomness
}): (content: AccessTokenContent) => Promise<string> {
  const { issuer, activeSigner, randomness } = dependencies
  const sign = createJwsSigner(ACCESS_TOKEN_TYPE)

  return content => {
    const iat = toSeconds(content.issuedAtMs)
    // JSON.stringify leaves out what is undefined.
    return sign(activeSigner(), {
      iss: issuer,
      sub: content.subject,
      aud: content.audience,
      client_id: content.clientId,
      scope: content.scope,
      roles: content.roles,
      iat,
      exp: iat + content.lifetime,
      jti: randomId(randomness, 'token'),
      ...content.askedBy,
      status: { status_list: { idx: content.status.index, uri: statusListUri(issuer, content.status.listId) } },
    })
  }
}
