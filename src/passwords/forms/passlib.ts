/** passlib and libpass, and what writes in their way: GitLab in FIPS mode, OpenLDAP's pw-pbkdf2. Its scrypt is that of phc.ts. */
import { importedBcrypt, importedPbkdf2 } from './canonical.ts'
import { fromAdaptedBase64, wholeNumber } from './encodings.ts'
import type { ReadForm, TextForm } from './form.ts'

/** @param rest of the hash: `29000$salt$hash` */
export function readPasslibPbkdf2(form: string, digest: string, rest: string): ReadForm | undefined {
  const [, iterations, salt = '', key = ''] = /^(\d+)\$([^$]*)\$([^$]*)$/.exec(rest) ?? []
  return importedPbkdf2(form, {
    digest,
    iterations: wholeNumber(iterations),
    salt: fromAdaptedBase64(salt),
    key: fromAdaptedBase64(key),
  })
}

function readPbkdf2(text: string): ReadForm | undefined {
  const [, digest = 'sha1', rest = ''] = /^\$pbkdf2(?:-(sha256|sha512))?\$(.*)$/.exec(text) ?? []
  return readPasslibPbkdf2(`passlib pbkdf2-${digest}`, digest, rest)
}

const bcryptOf = (type = '', rounds = '', salt = '', hash = '') => `$${type}$${rounds.padStart(2, '0')}$${salt}${hash}`

/** The first version hashes the password, the second one with the salt as it is written. */
function readBcryptSha256(text: string): ReadForm | undefined {
  const [, ...first] = /^\$bcrypt-sha256\$(2[aby]),(\d{1,2})\$([^$]{22})\$([^$]{31})$/.exec(text) ?? []
  if (first.length > 0) return importedBcrypt('passlib bcrypt-sha256 v1', bcryptOf(...first), ['sha256-base64'])
  const [, ...second] = /^\$bcrypt-sha256\$v=2,t=(2[aby]),r=(\d{1,2})\$([^$]{22})\$([^$]{31})$/.exec(text) ?? []
  const salt = Buffer.from(second[2] ?? '')
  return importedBcrypt('passlib bcrypt-sha256 v2', bcryptOf(...second), ['hmac-sha256-base64', salt])
}

export const passlib: TextForm = text => readPbkdf2(text) ?? readBcryptSha256(text)
