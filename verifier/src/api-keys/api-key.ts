/** The form of an API key: `signet_key_`, the id, `_`, the secret, and a checksum of all before it. */
import { createHash } from 'node:crypto'

const FORM = /^signet_key_[0-9a-f]{32}_[0-9a-f]{64}[0-9a-f]{8}$/
const CHECKSUM_LENGTH = 8
/** The polynomial of zlib's CRC-32, its lowest bit first. */
const POLYNOMIAL = 0xedb88320

/** Whether it can be a key at all: what is cut, mistyped or made up costs the token service nothing. */
export function isApiKey(text: string): boolean {
  const [body, checksum] = [text.slice(0, -CHECKSUM_LENGTH), text.slice(-CHECKSUM_LENGTH)]
  return FORM.test(text) && crc32(body).toString(16).padStart(CHECKSUM_LENGTH, '0') === checksum
}

/** What a key is remembered by. Its secret has 256 bits: nobody guesses it from this. */
export const hashOf = (key: string): string => createHash('sha256').update(key).digest('base64url')

/** Written out, because node:zlib has it only since Node 20.15 and not in every runtime. */
function crc32(text: string): number {
  let crc = 0xffffffff
  for (const byte of Buffer.from(text)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0)
  }
  return ~crc >>> 0
}
