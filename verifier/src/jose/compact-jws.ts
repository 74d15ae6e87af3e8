/** The compact serialization of a JWS (RFC 7515 §7.1), taken apart before anything in it is believed. */

import { TokenError } from '../token-error.ts'
import { decodeBase64url } from './base64url.ts'
import { type JsonObject, parseJsonObject } from './decoding.ts'

export interface CompactJws {
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
export function parseCompactJws(text: unknown, maxLength: number): CompactJws {
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
export function parseHeader(encoded: string): JsonObject {
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
