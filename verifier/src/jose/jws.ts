/** The verification of a JWS (RFC 7515 §5.2) by what was set up, never by what the header or the issuer proposes (RFC 8725 §3.1). */
import { TokenError } from '../token-error.ts'
import { algorithmRules } from './algorithms.ts'
import { decodeBase64url, type JsonObject, parseJsonObject } from './decoding.ts'
import type { VerificationKey } from './jwk-set.ts'
import type { SignatureAlgorithm } from './signature-algorithm.ts'

export interface VerifiedJws {
  readonly payload: JsonObject
  readonly key: VerificationKey
}

export interface Expected {
  /** The `typ`, without the `application/` that RFC 7515 §4.1.9 lets a sender leave out. */
  readonly type: string
  /** Characters. */
  readonly maxLength: number
}

/** Where the keys come from. */
export interface KeySource {
  /** Among the keys at hand. */
  readonly find: (kid: string) => VerificationKey | undefined
  /**
   * Looks further, because it may be new.
   * @throws TokenError unknown_key; unavailable when there has never been a key
   */
  readonly search: (kid: string) => Promise<VerificationKey>
}

/** @throws TokenError malformed, unsupported, wrong_type, unknown_key, bad_signature, unavailable */
export type VerifyJws = (text: unknown) => Promise<VerifiedJws>

export function createJwsVerification(
  keys: KeySource,
  algorithms: readonly SignatureAlgorithm[],
  { type, maxLength }: Expected,
): VerifyJws {
  /** By their text: all tokens of a key have the same header. */
  const checkedHeaders = new Map<string, CheckedHeader>()

  function readHeader(encoded: string): CheckedHeader {
    const known = checkedHeaders.get(encoded)
    if (known !== undefined) return known
    const header = checkHeader(parseHeader(encoded), type, algorithms)
    // Strangers may have made up as many as they like.
    if (checkedHeaders.size === MAX_CHECKED_HEADERS) checkedHeaders.clear()
    checkedHeaders.set(encoded, header)
    return header
  }

  return async text => {
    const { header, payload, signingInput, signature } = parseCompactJws(text, maxLength)
    const { alg, kid } = readHeader(header)
    const key = keys.find(kid) ?? (await keys.search(kid))
    if (key.alg !== alg) throw new TokenError('unknown_key', 'The key is not for the algorithm of the token.')
    if (!algorithmRules[alg].verify(key.publicKey, signingInput, signature))
      throw new TokenError('bad_signature', 'The signature of the token does not verify.')
    return { payload, key }
  }
}

interface CheckedHeader {
  readonly alg: SignatureAlgorithm
  readonly kid: string
}

const MAX_CHECKED_HEADERS = 100

/** Keys that the sender brings along, and rules that a reader must know (RFC 7515 §4.1.11, RFC 7797): nothing here has use for them. */
const REFUSED_PARAMETERS = ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64'] as const

function checkHeader(header: JsonObject, type: string, algorithms: readonly SignatureAlgorithm[]): CheckedHeader {
  const { typ, kid } = header
  const alg = algorithms.find(name => name === header['alg'])
  if (REFUSED_PARAMETERS.some(name => Object.hasOwn(header, name)))
    throw new TokenError('unsupported', `The header of the token has one of ${REFUSED_PARAMETERS.join(', ')}.`)
  if (alg === undefined)
    throw new TokenError('unsupported', `The algorithm of the token is not ${algorithms.join(' or ')}.`)
  if (typeof typ !== 'string' || ![type, `application/${type}`].includes(typ.toLowerCase()))
    throw new TokenError('wrong_type', `The type of the token is not ${type}.`)
  if (typeof kid !== 'string' || kid === '') throw new TokenError('malformed', 'The header of the token names no key.')
  return { alg, kid }
}

/** The compact serialization (§7.1), taken apart before anything in it is believed. */
interface CompactJws {
  /** Still encoded. */
  readonly header: string
  readonly payload: JsonObject
  /** What is signed: the first two parts with the dot between them. */
  readonly signingInput: Buffer
  readonly signature: Buffer
}

/**
 * @param maxLength characters; a longer text is not looked at
 * @throws TokenError malformed
 */
function parseCompactJws(text: unknown, maxLength: number): CompactJws {
  if (typeof text !== 'string') throw malformed('It is no string.')
  if (text.length > maxLength) throw malformed(`It has more than ${maxLength} characters.`)
  const firstDot = text.indexOf('.')
  const lastDot = text.lastIndexOf('.')
  // A further dot in between is no character of base64url.
  const payload = decodeBase64url(text.slice(firstDot + 1, lastDot))
  const signature = decodeBase64url(text.slice(lastDot + 1))
  if (lastDot <= firstDot || !payload || !signature) throw malformed(NOT_THREE_PARTS)
  return {
    header: text.slice(0, firstDot),
    payload: parsePart(payload, 'payload'),
    signingInput: Buffer.from(text.slice(0, lastDot), 'latin1'),
    signature,
  }
}

/** @throws TokenError malformed */
function parseHeader(encoded: string): JsonObject {
  const header = decodeBase64url(encoded)
  if (header === undefined) throw malformed(NOT_THREE_PARTS)
  return parsePart(header, 'header')
}

function parsePart(bytes: Buffer, name: string): JsonObject {
  try {
    return parseJsonObject(bytes)
  } catch {
    throw malformed(`Its ${name} is not one JSON object in UTF-8, with each member once.`)
  }
}

const NOT_THREE_PARTS = 'It is not three parts of base64url.'

const malformed = (why: string): TokenError => new TokenError('malformed', `The token is malformed. ${why}`)
