/** JWS in compact form (RFC 7515 §3.1, §7.1), RS256 only. */

import type { Signer } from '../records/signing-key.ts'

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
