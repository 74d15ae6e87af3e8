/** ASP.NET Core Identity (PasswordHasher): base64 of a byte that is the version, and of what it says. */
import { fromBase64 } from '../algorithms/base64.ts'
import { importedPbkdf2 } from './canonical.ts'
import type { ReadForm, TextForm } from './form.ts'

/** KeyDerivationPrf. */
const digests = ['sha1', 'sha256', 'sha512']
const V2 = { bytes: 1 + 16 + 32, saltEnd: 1 + 16 }
const V3_HEADER_BYTES = 1 + 3 * 4

function readV3(bytes: Buffer): ReadForm | undefined {
  if (bytes.length < V3_HEADER_BYTES) return undefined
  const [digest = '', iterations, saltEnd] = [
    digests[bytes.readUInt32BE(1)],
    bytes.readUInt32BE(5),
    V3_HEADER_BYTES + bytes.readUInt32BE(9),
  ]
  if (saltEnd > bytes.length) return undefined
  const [salt, key] = [bytes.subarray(V3_HEADER_BYTES, saltEnd), bytes.subarray(saltEnd)]
  return importedPbkdf2('aspnet identity v3', { digest, iterations, salt, key })
}

export const aspnet: TextForm = text => {
  // The first byte is 0 or 1.
  const bytes = text.startsWith('A') ? fromBase64(text) : undefined
  if (bytes?.[0] === 1) return readV3(bytes)
  if (bytes?.[0] !== 0 || bytes.length !== V2.bytes) return undefined
  const [salt, key] = [bytes.subarray(1, V2.saltEnd), bytes.subarray(V2.saltEnd)]
  return importedPbkdf2('aspnet identity v2', { digest: 'sha1', iterations: 1000, salt, key })
}
