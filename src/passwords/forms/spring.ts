/** Spring Security (DelegatingPasswordEncoder): the name of the encoder in braces. Some parameters stand nowhere but in its source. */
import { fromBase64 } from '../algorithms/base64.ts'
import { importedBcrypt, importedPbkdf2, importedScrypt } from './canonical.ts'
import { fromHex, hexNumber } from './encodings.ts'
import { type FormOptions, HashRefused, INSTEAD, type ReadForm, type TextForm } from './form.ts'
import { readPhcArgon2 } from './phc.ts'

/** Pbkdf2PasswordEncoder.defaultsForSpringSecurity_v5_5 and …_v5_8. */
const pbkdf2Encoders: ReadonlyMap<string, { digest: string; iterations: number; saltBytes: number }> = new Map([
  ['pbkdf2', { digest: 'sha1', iterations: 185_000, saltBytes: 8 }],
  ['pbkdf2@SpringSecurity_v5_8', { digest: 'sha256', iterations: 310_000, saltBytes: 16 }],
])

/** Salt and hash are one text. What Spring calls the secret is behind the salt. */
function readPbkdf2(encoder: string, text: string, { pepper }: FormOptions): ReadForm | undefined {
  const known = pbkdf2Encoders.get(encoder)
  const bytes = fromHex(text) ?? fromBase64(text)
  if (bytes === undefined) return undefined
  if (known === undefined) {
    throw new HashRefused(
      `The parameters of this {pbkdf2@…} are known only to the application that wrote it. ${INSTEAD}`,
    )
  }
  const { saltBytes, ...fields } = known
  const salt = Buffer.concat([bytes.subarray(0, saltBytes), pepper ?? Buffer.alloc(0)])
  return importedPbkdf2(`spring ${encoder}`, { ...fields, salt, key: bytes.subarray(saltBytes) })
}

/** `$100801$`: log2 N, and a byte each for r and p. */
function readScrypt(encoder: string, text: string): ReadForm | undefined {
  const [, digits, salt = '', key = ''] = /^\$([0-9a-f]{5,6})\$([^$]*)\$([^$]*)$/i.exec(text) ?? []
  const number = hexNumber(digits)
  if (number === undefined) return undefined
  const [log2N, r, p] = [number >> 16, (number >> 8) & 0xff, number & 0xff]
  return importedScrypt(`spring ${encoder}`, { n: 2 ** log2N, r, p, salt: fromBase64(salt), key: fromBase64(key) })
}

export const spring: TextForm = (text, options) => {
  const [, encoder = '', name = '', rest = ''] =
    /^\{((bcrypt|argon2|scrypt|pbkdf2)(?:@[A-Za-z0-9_.]+)?)\}(.*)$/.exec(text) ?? []
  if (name === 'bcrypt') return importedBcrypt('spring bcrypt', rest)
  if (name === 'argon2') return readPhcArgon2(rest, `spring ${encoder}`)
  if (name === 'scrypt') return readScrypt(encoder, rest)
  // An encoder that stands alone writes no name.
  return name === 'pbkdf2' ? readPbkdf2(encoder, rest, options) : readScrypt('scrypt', text)
}
