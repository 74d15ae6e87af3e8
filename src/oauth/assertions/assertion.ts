/** An assertion as it is presented (RFC 7521 §4.2): a JWT (RFC 7519) of which nothing is believed yet. */
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { decodeJwt } from 'jose/jwt/decode'
import type { Jwk } from '../../records/public-key.ts'

/** `client_assertion_type`: RFC 7523 §2.2, and SPIFFE's (draft-ietf-oauth-spiffe-client-auth). */
export const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
export const JWT_SPIFFE = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'

export interface Assertion {
  /** As it was sent. */
  readonly token: string
  readonly header: Jwk
  readonly claims: Jwk
}

/** Characters: a token of an identity provider with many groups has some thousands, and a form of 16 KiB has no room for more than this. */
const LONGEST = 16_000

/** Of tokens that are made for this, or that are called nothing in particular; an access token is none of them (RFC 8725 §3.11). */
const types = ['jwt', 'jose', 'client-authentication+jwt']

/** Without padding and white space (RFC 7515 §2), which decoders pass over. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]*$/

/** Undefined: it can't be read. */
export function parseAssertion(token: string): Assertion | undefined {
  if (token.length > LONGEST || !COMPACT.test(token)) return undefined
  try {
    return { token, header: decodeProtectedHeader(token), claims: decodeJwt(token) }
  } catch {
    return undefined
  }
}

export function isAcceptedType({ typ }: Jwk): boolean {
  if (typ === undefined) return true
  return typeof typ === 'string' && types.includes(typ.toLowerCase().replace(/^application\//, ''))
}

/** What is signed, in one spelling: the signature may be written in several ways. */
export const signedPart = ({ token }: Assertion): string => token.slice(0, token.lastIndexOf('.'))
