/** What opaque tokens and keys have in common: a form with a checksum, and what is stored of their secrets. */
import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** CRC-32, hexadecimal: it tells typing errors from guesses before anything is looked up. */
const checksum = (body: string): string => crc32(body).toString(16).padStart(8, '0')

export const withChecksum = (body: string): string => `${body}${checksum(body)}`

/** What stands before the checksum; undefined when the checksum is wrong. */
export function withoutChecksum(text: string): string | undefined {
  const body = text.slice(0, -8)
  return text === withChecksum(body) ? body : undefined
}

/** SHA-256, base64url. For what is long and random: a slow hash would protect nothing. */
export const hashOf = (secret: string | Uint8Array): string => hash('sha256', secret, 'base64url')
