/** JWT access tokens (RFC 9068), RS256 only. */
import { toSeconds } from '../clock.ts'
import { type Randomness, randomId } from '../randomness.ts'

/** Signs for one key. A key management service would be one more implementation. */
export interface Signer {
  readonly kid: string
  /** RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3) over the JWS signing input. */
  sign(signingInput: Buffer): Promise<Buffer>
}

export interface AccessTokenContent {
  readonly subject: string
  readonly audience: string
  readonly clientId: string
  readonly scope: readonly string[]
  /** Undefined for clients, which have none. */
  readonly roles: readonly string[] | undefined
  readonly sessionId: string
  readonly authTimeSeconds: number
  readonly issuedAtMs: number
  /** Seconds. */
  readonly lifetime: number
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export function createAccessTokens(dependencies: {
  readonly issuer: string
  /** The signer of the key that is active now. */
  readonly activeSigner: () => Signer
  readonly randomness: Randomness
}): (content: AccessTokenContent) => Promise<string> {
  const { issuer, activeSigner, randomness } = dependencies

  /** Made once a key: it is the same for every token. */
  let header = { kid: '', encoded: '' }
  function headerFor(kid: string): string {
    if (header.kid !== kid) header = { kid, encoded: encode({ alg: 'RS256', typ: 'at+jwt', kid }) }
    return header.encoded
  }

  return async content => {
    const signer = activeSigner()
    const iat = toSeconds(content.issuedAtMs)
    // JSON.stringify leaves out what is undefined.
    const claims = {
      iss: issuer,
      sub: content.subject,
      aud: content.audience,
      client_id: content.clientId,
      scope: content.scope.length > 0 ? content.scope.join(' ') : undefined,
      roles: content.roles,
      iat,
      exp: iat + content.lifetime,
      jti: randomId(randomness, 'token'),
      sid: content.sessionId,
      auth_time: content.authTimeSeconds,
    }
    const signingInput = `${headerFor(signer.kid)}.${encode(claims)}`
    const signature = await signer.sign(Buffer.from(signingInput))
    return `${signingInput}.${signature.toString('base64url')}`
  }
}
