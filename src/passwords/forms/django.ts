/** Django (django.contrib.auth.hashers): the name of the hasher before everything, and salts that are text. */
import { fromBase64 } from '../algorithms/base64.ts'
import { importedBcrypt, importedPbkdf2, importedScrypt } from './canonical.ts'
import { wholeNumber } from './encodings.ts'
import type { ReadForm, TextForm } from './form.ts'
import { readPhcArgon2 } from './phc.ts'

function readPbkdf2(text: string): ReadForm | undefined {
  const [, digest, iterations, salt = '', key = ''] = /^pbkdf2_(sha\d+)\$([^$]*)\$([^$]*)\$([^$]*)$/.exec(text) ?? []
  if (digest === undefined) return undefined
  const fields = { digest, iterations: wholeNumber(iterations), salt: Buffer.from(salt), key: fromBase64(key) }
  return importedPbkdf2(`django pbkdf2_${digest}`, fields)
}

function readScrypt(text: string): ReadForm | undefined {
  const [, n, salt = '', r, p, key = ''] = /^scrypt\$(\d*)\$([^$]*)\$(\d*)\$(\d*)\$([^$]*)$/.exec(text) ?? []
  const [cost, blocks, lanes] = [n, r, p].map(wholeNumber)
  return importedScrypt('django scrypt', {
    n: cost,
    r: blocks,
    p: lanes,
    salt: Buffer.from(salt),
    key: fromBase64(key),
  })
}

/** The hash of another library follows the name: bcrypt's behind a `$` more, Argon2's without. */
function readWrapped(text: string): ReadForm | undefined {
  const [, name = '', hash = ''] = /^(bcrypt|bcrypt_sha256|argon2)\$(.*)$/.exec(text) ?? []
  if (name === 'argon2') return readPhcArgon2(`$${hash}`, 'django argon2')
  return name === 'bcrypt'
    ? importedBcrypt('django bcrypt', hash)
    : importedBcrypt('django bcrypt_sha256', hash, ['sha256-hex'])
}

export const django: TextForm = text => readPbkdf2(text) ?? readScrypt(text) ?? readWrapped(text)
